# Tests against the real libraries, where these are found. The frameworks' examples join the target.
add_custom_target(adapters)
function(viann_adapter_test adapter library)
  set(sources adapters/${adapter}_test.cpp)
  # The header compiles alone, and links in two translation units. mlpack's own headers do not,
  # with the stb of Debian 13.
  if(NOT adapter STREQUAL "mlpack")
    set(unit ${CMAKE_CURRENT_BINARY_DIR}/headers/adapters_${adapter}.cpp)
    file(CONFIGURE OUTPUT ${unit} CONTENT "#include <viann/adapters/${adapter}.hpp>\n")
    list(APPEND sources ${unit})
  endif()
  viann_catch_test(${adapter}_test TEST_PREFIX "adapter.${adapter}: "
    SOURCES ${sources} LIBRARIES ${library})
  add_dependencies(adapters ${adapter}_test)
endfunction()

if(Torch_FOUND)
  viann_adapter_test(libtorch torch)
endif()
if(dlib_FOUND)
  viann_adapter_test(dlib dlib::dlib)
endif()
if(mlpack_FOUND)
  viann_adapter_test(ensmallen mlpack::mlpack)
  viann_adapter_test(mlpack mlpack::mlpack)
endif()
