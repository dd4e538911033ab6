# Tests against the real libraries, if found. The frameworks' examples join the target.
add_custom_target(adapters)

# A translation unit in which an adapter's header compiles alone.
function(viann_adapter_unit adapter unit)
  set(file ${CMAKE_CURRENT_BINARY_DIR}/headers/adapters_${adapter}.cpp)
  file(CONFIGURE OUTPUT ${file} CONTENT "#include <viann/adapters/${adapter}.hpp>\n")
  set(${unit} ${file} PARENT_SCOPE)
endfunction()

function(viann_adapter_test adapter library)
  set(sources adapters/${adapter}_test.cpp)
  # The header compiles alone, and links in two translation units. mlpack's own headers do not with
  # Debian 13's stb.
  if(NOT adapter STREQUAL "mlpack")
    viann_adapter_unit(${adapter} unit)
    list(APPEND sources ${unit})
  endif()
  viann_catch_test(${adapter}_test SOURCES ${sources} LIBRARIES ${library})
  # Frameworks have macros and flags of their own.
  set_target_properties(${adapter}_test PROPERTIES DISABLE_PRECOMPILE_HEADERS ON)
  add_dependencies(adapters ${adapter}_test)
endfunction()

if(Torch_FOUND)
  viann_adapter_test(libtorch torch)
endif()
if(dlib_FOUND)
  viann_adapter_test(dlib dlib::dlib)
endif()
# DLPack's adapter needs no library. The test takes a copy of its struct and, if found, the real one.
if(dlpack_FOUND)
  viann_adapter_test(dlpack dlpack::dlpack)
  target_compile_definitions(dlpack_test PRIVATE VIANN_WITH_DLPACK)
else()
  viann_adapter_test(dlpack "")
endif()
if(mlpack_FOUND)
  viann_adapter_test(ensmallen mlpack::mlpack)
  viann_adapter_test(mlpack mlpack::mlpack)
endif()

# One program with all tests, which every rank runs.
if(MPI_CXX_FOUND)
  viann_adapter_unit(mpi unit)
  viann_executable(mpi_test SOURCES adapters/mpi_test.cpp ${unit}
    LIBRARIES test_support MPI::MPI_CXX)
  foreach(ranks 1 2 4)
    viann_mpi_test("adapters/mpi: ranks = ${ranks}" ${ranks} $<TARGET_FILE:mpi_test>)
  endforeach()
  add_dependencies(adapters mpi_test)
endif()
