# A project that uses viann: installed, as a subdirectory, and fetched beside an Eigen of its own;
# by CMake, or by make with pkg-config.
set(ways installed subdirectory fetched)
find_program(PKG_CONFIG pkg-config)
find_program(MAKE make)
execute_process(COMMAND ${PKG_CONFIG} --exists eigen3 RESULT_VARIABLE lacks_eigen)
if(PKG_CONFIG AND MAKE AND NOT lacks_eigen)
  list(APPEND ways pkg_config)
endif()
foreach(from ${ways})
  add_test(NAME consumer.${from} COMMAND ${CMAKE_COMMAND}
    -DFROM=${from} -DVIANN=${PROJECT_SOURCE_DIR} -DBUILD=${PROJECT_BINARY_DIR}
    -DWORK=${CMAKE_CURRENT_BINARY_DIR}/consumer_${from} -DCOMPILER=${CMAKE_CXX_COMPILER}
    -P ${CMAKE_CURRENT_SOURCE_DIR}/consumer/check.cmake)
endforeach()
