# Programs that measure. Their computations are tested; their measurements are not.
option(VIANN_BUILD_BENCHMARKS "Build viann's benchmarks, with its tests" OFF)
if(NOT VIANN_BUILD_BENCHMARKS)
  return()
endif()
find_package(CLI11 REQUIRED)
find_package(libcsv REQUIRED)
find_package(Threads REQUIRED)
find_package(Armadillo QUIET)
find_path(Boost_HISTOGRAM_INCLUDE_DIR boost/histogram/accumulators/mean.hpp)
mark_as_advanced(Boost_HISTOGRAM_INCLUDE_DIR)

viann_executable(faithfulness SOURCES benchmarks/faithfulness/faithfulness.cpp
  LIBRARIES command_line Threads::Threads example_support network_float)
target_compile_definitions(faithfulness PRIVATE
  FAITHFULNESS_DATA="${PROJECT_SOURCE_DIR}/examples/data"
  FAITHFULNESS_PUBLISHED="${CMAKE_CURRENT_SOURCE_DIR}/reference/nonlinear_selection.csv")
if(XGBoost_FOUND)
  target_link_libraries(faithfulness PRIVATE XGBoost::XGBoost)
  target_compile_definitions(faithfulness PRIVATE FAITHFULNESS_WITH_XGBOOST)
endif()

# The cost of an observation. The limit is compiled with the best flags; the rest has them in one
# program, and those of a plain release in the other.
set(best -O3 -march=native)
set(support ${PROJECT_SOURCE_DIR}/examples/support)
set(flags_of_speed ${best})
set(flags_of_speed_o2 -O2)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  list(APPEND flags_of_speed_o2 -march=x86-64)
endif()
add_library(memory_limit OBJECT benchmarks/speed/memory_limit.cpp)
target_compile_options(memory_limit PRIVATE ${best})
foreach(name speed speed_o2)
  # All code with Eigen's matrices gets the same flags, because the matrices' alignment depends on
  # them.
  viann_executable(${name}
    SOURCES benchmarks/speed/speed.cpp ${support}/dataset.cpp ${support}/network.cpp
    LIBRARIES CLI11::CLI11 libcsv::libcsv memory_limit)
  target_compile_definitions(${name} PRIVATE
    NETWORK_SCALAR=float SPEED_DATA="${PROJECT_SOURCE_DIR}/examples/data")
  # With AVX-512, g++ 12 warns about its own intrinsics.
  target_compile_options(${name} PRIVATE ${flags_of_${name}}
    -Wno-uninitialized -Wno-maybe-uninitialized)
  if(ARMADILLO_FOUND)
    target_include_directories(${name} SYSTEM PRIVATE ${ARMADILLO_INCLUDE_DIRS})
    target_link_libraries(${name} PRIVATE ${ARMADILLO_LIBRARIES})
    target_compile_definitions(${name} PRIVATE SPEED_WITH_ARMADILLO)
  endif()
  if(Boost_HISTOGRAM_INCLUDE_DIR)
    target_include_directories(${name} SYSTEM PRIVATE ${Boost_HISTOGRAM_INCLUDE_DIR})
    target_compile_definitions(${name} PRIVATE SPEED_WITH_BOOST)
  endif()
endforeach()
if(OpenMP_CXX_FOUND)
  foreach(name memory_limit speed speed_o2)
    target_link_libraries(${name} PRIVATE OpenMP::OpenMP_CXX)
  endforeach()
endif()

set(folder benchmarks/faithfulness)
viann_catch_test(benchmark_tests SOURCES ${folder}/branched_network_test.cpp
  ${folder}/known_tasks_test.cpp ${folder}/published_tasks_test.cpp ${folder}/statistics_test.cpp
  LIBRARIES example_support network_float)

add_custom_target(benchmarks DEPENDS faithfulness speed speed_o2 benchmark_tests)

# That they run. The result of permutation importance in a linear task does not depend on the seed.
add_test(NAME benchmark.faithfulness COMMAND faithfulness --suites known,probes,ensembles
  --tasks "ar_0.5$|iris.rows" --optimizers adam --seeds 3 --epochs 20)
set_tests_properties(benchmark.faithfulness PROPERTIES PASS_REGULAR_EXPRESSION
  "relevant inputs against irrelevant ones\n.* order +first .*\npermutation +(0.[89]|1.0).*inputs against their probes\n.*\nvariance +[01].[0-9]+ .*AUC by family.*order by regime.*\nensemble of 5: permutation +(0.[89]|1.0)")
# Tables whose tasks are filtered out.
add_test(NAME benchmark.faithfulness.few_tasks COMMAND faithfulness --suites noise,regimes,branches
  --tasks "iris|rare_1" --optimizers adam --seeds 1 --epochs 3)
set_tests_properties(benchmark.faithfulness.few_tasks PROPERTIES PASS_REGULAR_EXPRESSION
  "AUC on Boston *\n.*AP by regime.*\nrandom +- +[01].*first by regime")
add_test(NAME benchmark.faithfulness.selection COMMAND faithfulness --suites selection
  --tasks "^12 inputs, linear|^probes: 12|iris linear" --seeds 2)
set_tests_properties(benchmark.faithfulness.selection PROPERTIES PASS_REGULAR_EXPRESSION
  "12 inputs, linear: 2 samples.*\ndisplacement +0.[0-9]+, [01].*iris linear.*probes: 12")
add_test(NAME benchmark.speed COMMAND speed --rounds 3 --largest 1000)
