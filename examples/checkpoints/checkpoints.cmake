# score_checkpoints: a program, its readers of files, and their tests. HDF5's format is left out
# without HDF5, and formats that are zip archives without libzip.
set(folder ${CMAKE_CURRENT_SOURCE_DIR}/checkpoints)
viann_example_library(checkpoint ${folder}/checkpoint.cpp ${folder}/npy.cpp ${folder}/safetensors.cpp)
target_link_libraries(checkpoint PUBLIC nlohmann_json::nlohmann_json)
if(libhdf5_FOUND)
  target_sources(checkpoint PRIVATE ${folder}/hdf5.cpp)
  target_compile_definitions(checkpoint PUBLIC EXAMPLES_WITH_HDF5)
  target_link_libraries(checkpoint PRIVATE libhdf5::libhdf5)
endif()
if(libzip_FOUND)
  target_sources(checkpoint PRIVATE ${folder}/zip.cpp ${folder}/pytorch.cpp)
  target_compile_definitions(checkpoint PUBLIC EXAMPLES_WITH_LIBZIP)
  target_link_libraries(checkpoint PUBLIC libzip::libzip)  # tests write archives
endif()
viann_example(checkpoints/score_checkpoints command_line checkpoint)

if(VIANN_BUILD_TESTS)
  viann_catch_test(checkpoints_tests SOURCES checkpoints/checkpoint_test.cpp
    checkpoints/score_checkpoints_test.cpp LIBRARIES checkpoint example_support)
  add_dependencies(examples checkpoints_tests)
  add_dependencies(checkpoints_tests score_checkpoints)
  target_compile_definitions(checkpoints_tests PRIVATE
    CHECKPOINTS_DIR="${folder}/files"
    EXAMPLES_DATA="${PROJECT_SOURCE_DIR}/examples/data"
    SCORE_CHECKPOINTS="$<TARGET_FILE:score_checkpoints>")
endif()
