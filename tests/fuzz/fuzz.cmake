# The loader against made-up archives, by libFuzzer, which comes with clang.
#
#     mkdir -p work && tests/load_archive -max_total_time=600 -malloc_limit_mb=64 work ARCHIVES
#
# begins with the files of tests/archives and adds interesting finds to the folder `work`.
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  viann_executable(load_archive SOURCES fuzz/load_archive.cpp)
  target_include_directories(load_archive PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
  target_compile_options(load_archive PRIVATE
    -g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all)
  target_compile_definitions(load_archive PRIVATE FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION)
  target_link_options(load_archive PRIVATE -fsanitize=fuzzer,address,undefined)
  set_target_properties(load_archive PROPERTIES EXCLUDE_FROM_ALL ON)
endif()
