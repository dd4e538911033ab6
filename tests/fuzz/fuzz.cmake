# The loader and the examples' readers of checkpoints against made-up files, by libFuzzer, which comes
# with clang.
#
#     mkdir -p work && tests/load_archive -max_total_time=600 -malloc_limit_mb=64 work ARCHIVES
#     FORMAT=.npy tests/read_checkpoint -max_total_time=600 -malloc_limit_mb=64 work CHECKPOINTS
#
# begin with the files of tests/archives and of a format, and add interesting finds to the folder `work`.
# FORMAT=.h5 needs no folder with files.
function(viann_fuzzer name)
  viann_executable(${name} SOURCES fuzz/${name}.cpp ${ARGN})
  target_include_directories(${name} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
  target_compile_options(${name} PRIVATE
    -g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all)
  target_compile_definitions(${name} PRIVATE FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION)
  target_link_options(${name} PRIVATE -fsanitize=fuzzer,address,undefined)
  set_target_properties(${name} PROPERTIES EXCLUDE_FROM_ALL ON)
endfunction()

if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  viann_fuzzer(load_archive)
  if(nlohmann_json_FOUND AND libhdf5_FOUND AND libzip_FOUND)
    set(readers checkpoint hdf5 npy pytorch safetensors zip)
    list(TRANSFORM readers REPLACE ".+" "${PROJECT_SOURCE_DIR}/examples/checkpoints/\\0.cpp")
    viann_fuzzer(read_checkpoint ${readers}
      LIBRARIES nlohmann_json::nlohmann_json libhdf5::libhdf5 libzip::libzip)
    target_compile_definitions(read_checkpoint PRIVATE EXAMPLES_WITH_HDF5 EXAMPLES_WITH_LIBZIP)
  endif()
endif()
