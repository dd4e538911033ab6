add_test(NAME example.quickstart COMMAND 01_quickstart)
set_tests_properties(example.quickstart PROPERTIES PASS_REGULAR_EXPRESSION
  "petal_[^\n]*\n *petal_[^\n]*\n *sepal_[^\n]*\n *sepal_[^\n]*\n\nFinal accuracy")

add_test(NAME example.limits COMMAND 02_limits 3)
set_tests_properties(example.limits PROPERTIES PASS_REGULAR_EXPRESSION
  "standardised[^\n]* %\n[^\n]*ten times as small[^\n]* 0 %\n")

# A wrong argument gets a sentence and exit code 2.
foreach(arguments "zero" "1" "10\;-1" "10\;1\;1")
  add_test(NAME "example.quickstart.refuses ${arguments}" COMMAND ${CMAKE_COMMAND}
    "-DPROGRAM=$<TARGET_FILE:01_quickstart>" "-DARGUMENTS=${arguments}"
    -P ${CMAKE_CURRENT_SOURCE_DIR}/support/expect_usage_error.cmake)
endforeach()
