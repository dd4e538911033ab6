# Programs that measure. What they measure is no test; that they run, and what they compute with, is.
viann_catch_test(faithfulness_test TEST_PREFIX "benchmark.faithfulness: "
  SOURCES benchmarks/faithfulness/statistics_test.cpp)

add_custom_target(benchmarks)
find_package(CLI11 QUIET)
find_package(Threads)
if(CLI11_FOUND AND Threads_FOUND)
  viann_executable(faithfulness SOURCES benchmarks/faithfulness/faithfulness.cpp
    LIBRARIES CLI11::CLI11 Threads::Threads)
  target_compile_definitions(faithfulness PRIVATE
    FAITHFULNESS_DATA="${PROJECT_SOURCE_DIR}/examples/data")
  if(XGBoost_FOUND)
    target_link_libraries(faithfulness PRIVATE XGBoost::XGBoost)
    target_compile_definitions(faithfulness PRIVATE FAITHFULNESS_WITH_XGBOOST)
  endif()
  add_dependencies(benchmarks faithfulness)

  # What permutation importance finds in a linear task does not hang on a seed.
  add_test(NAME benchmark.faithfulness COMMAND faithfulness
    --tasks "scales_classes|iris.rows" --optimizers adam --seeds 3 --epochs 20)
  set_tests_properties(benchmark.faithfulness PROPERTIES PASS_REGULAR_EXPRESSION
    "relevant inputs against irrelevant ones\n.*\npermutation +(0.[89]|1.0).*inputs against their probes\n.*\nvariance +[01].[0-9]+ .*AUC by family")
endif()
