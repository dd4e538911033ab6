# A project that uses viann: installed, also with headers in a folder of their own; as a subdirectory
# (exported: of a project that exports its own targets), and fetched beside an Eigen of its own; by
# CMake, or by make with pkg-config.
set(ways installed installed_versioned installed_absolute subdirectory exported fetched)
find_program(PKG_CONFIG pkg-config)
find_program(MAKE make)
execute_process(COMMAND ${PKG_CONFIG} --exists eigen3 RESULT_VARIABLE lacks_eigen)
if(PKG_CONFIG AND MAKE AND NOT lacks_eigen)
  list(APPEND ways pkg_config pkg_config_absolute)
endif()
foreach(from ${ways})
  add_test(NAME consumer.${from} COMMAND ${CMAKE_COMMAND}
    -DFROM=${from} -DVIANN=${PROJECT_SOURCE_DIR} -DBUILD=${PROJECT_BINARY_DIR}
    -DWORK=${CMAKE_CURRENT_BINARY_DIR}/consumer_${from} -DCOMPILER=${CMAKE_CXX_COMPILER}
    -P ${CMAKE_CURRENT_SOURCE_DIR}/consumer/check.cmake)
endforeach()
