# One short seeded run of each example. It must print something that only a working example prints;
# no test depends on what another seed could change.
function(example_test name pattern)
  add_test(NAME example.${name} COMMAND ${ARGN})
  set_tests_properties(example.${name} PROPERTIES PASS_REGULAR_EXPRESSION "${pattern}")
endfunction()

# A wrong argument gets a sentence and exit code 2.
function(example_refuses program)
  foreach(arguments ${ARGN})
    string(REPLACE " " ";" list "${arguments}")
    add_test(NAME "example.${program}.refuses ${arguments}" COMMAND ${CMAKE_COMMAND}
      "-DPROGRAM=$<TARGET_FILE:${program}>" "-DARGUMENTS=${list}"
      -P ${CMAKE_CURRENT_SOURCE_DIR}/support/expect_usage_error.cmake)
  endforeach()
endfunction()

viann_catch_test(example_tests SOURCES support/dataset_test.cpp support/network_test.cpp
  LIBRARIES example_support network_float)

example_test(quickstart
  "petal_[^\n]*\n *petal_[^\n]*\n *sepal_[^\n]*\n *sepal_[^\n]*\n\nFinal accuracy" 01_quickstart)

example_test(select "lstat  *[01].[0-9]+  *0.[0-9]+ *selected.* of 20 inputs are selected, of which 20 %"
  02_select --percent 20)
example_refuses(02_select "--epochs 0" "roses" "--percent 0")

example_test(limits "standardised[^\n]* %\n[^\n]*ten times as small[^\n]* 0 %\n" 04_limits 3)
example_test(full_disk "Standard output cannot be written."
  sh -c "$<TARGET_FILE:04_limits> 3 >/dev/full")

set(page ${CMAKE_CURRENT_BINARY_DIR}/iris.html)
example_test(html_report "epoch 5/5  loss 0.*settled since epoch [1-5]\n.*Open ${page} in a browser"
  03_html_report iris --epochs 5 --html ${page})
example_refuses(03_html_report "--epochs 1" "roses" "--html no_such_folder/a.html")

example_test(token_importance "epoch 10/10  loss 0.[0-9]+.*(anne|elizabeth|darcy|elliot)"
  token_importance --epochs 10)
example_refuses(token_importance "--epochs 1" "--seed x")

if(TARGET resume_training)
  add_test(NAME example.resume_training COMMAND ${CMAKE_COMMAND}
    -DPROGRAM=$<TARGET_FILE:resume_training> -DWORK=${CMAKE_CURRENT_BINARY_DIR}/resume_training.test
    -P ${CMAKE_CURRENT_SOURCE_DIR}/support/expect_resumed_training.cmake)
  example_refuses(resume_training "--epochs 1" "one two")
endif()

# The frameworks' examples: one bar per input, from a score of 1 down to 0.
set(bars "1.000  #+\n.* 0.000\n$")
if(TARGET libtorch_training_loop)
  example_test(libtorch_training_loop "epoch 5/5  accuracy 0.[5-9].*${bars}"
    libtorch_training_loop --epochs 5)
  example_refuses(libtorch_training_loop "--epochs 1")
endif()
if(TARGET dlib_training_steps)
  example_test(dlib_training_steps "epoch 5/5  loss 0.[0-3].*${bars}"
    dlib_training_steps --epochs 5)
  example_refuses(dlib_training_steps "--epochs 1")
endif()
if(TARGET mlpack_callback)
  example_test(mlpack_callback "epoch 5/5  loss 0.*${bars}" mlpack_callback --epochs 5)
  example_refuses(mlpack_callback "--epochs 1")
endif()

if(TARGET mpi_sharded_layer)
  viann_mpi_test(example.mpi_sharded_layer 2 $<TARGET_FILE:mpi_sharded_layer> --epochs 5)
  set_tests_properties(example.mpi_sharded_layer PROPERTIES
    PASS_REGULAR_EXPRESSION "epoch 5/5  loss 0.[0-3].*${bars}")
  example_refuses(mpi_sharded_layer "--epochs 1")
endif()

if(TARGET compare_with_random_forest)
  example_test(compare_with_random_forest
    "epoch [0-9]+, loss 0.*petal_length +[01].[0-9]+.*random_forest( +-?[01].[0-9]+)+ +1.00\n$"
    compare_with_random_forest --csv ${CMAKE_CURRENT_BINARY_DIR}/iris_scores.csv)
  example_refuses(compare_with_random_forest "--seed x" "iris wine")
  add_test(NAME example.compare_with_random_forest.own_file COMMAND compare_with_random_forest
    ${CMAKE_CURRENT_SOURCE_DIR}/data/diabetes.csv)
  add_test(NAME example.compare_with_random_forest.no_file
    COMMAND compare_with_random_forest no_such_file.csv)
  set_tests_properties(example.compare_with_random_forest.no_file PROPERTIES
    PASS_REGULAR_EXPRESSION "no_such_file.csv cannot be opened")
  example_refuses(compare_with_random_forest "--csv no_such_folder/a.csv" "--chart a.txt")

  if(GNUPLOT)
    foreach(kind svg png)
      set(chart ${CMAKE_CURRENT_BINARY_DIR}/digits.${kind})
      add_test(NAME example.chart.${kind} COMMAND ${CMAKE_COMMAND}
        -DPROGRAM=$<TARGET_FILE:compare_with_random_forest> "-DARGUMENTS=wine;--chart;${chart}"
        -DWRITES=${chart} -P ${CMAKE_CURRENT_SOURCE_DIR}/support/expect_file.cmake)
    endforeach()
  endif()

  # Started again with its own file, the program repeats nothing and prints the same tables.
  add_test(NAME example.paper_tables COMMAND ${CMAKE_COMMAND}
    -DPROGRAM=$<TARGET_FILE:paper_tables> -DCSV=${CMAKE_CURRENT_BINARY_DIR}/paper_tables.csv
    -P ${CMAKE_CURRENT_SOURCE_DIR}/support/expect_resumed_tables.cmake)
  example_refuses(paper_tables "--models nn3" "--datasets iris,roses" "--seeds 0")
endif()

if(TARGET conv_filters AND TARGET paper_tables)
  example_test(paper_tables.deep "deep on iris, 1 seed.*VIANN-LOFO +-?[01].[0-9]+.*epochs +[0-9]+"
    paper_tables --models deep --datasets iris --seeds 1)
  set_tests_properties(example.paper_tables.deep PROPERTIES COST 60)  # seconds: it starts first
endif()
if(TARGET conv_filters)
  example_test(conv_filters "epoch 3/3.*filter_7( +-?[0-9.]+)+\n" conv_filters --epochs 3)
  example_refuses(conv_filters "--epochs 1")
endif()
