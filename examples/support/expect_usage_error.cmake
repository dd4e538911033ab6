# Runs PROGRAM with ARGUMENTS, which are wrong: it must say so on stderr and exit with code 2.
execute_process(COMMAND ${PROGRAM} ${ARGUMENTS}
  RESULT_VARIABLE code OUTPUT_VARIABLE output ERROR_VARIABLE sentence)
if(NOT code EQUAL 2 OR sentence STREQUAL "" OR NOT output STREQUAL "")
  message(FATAL_ERROR "exit code ${code}, on stderr '${sentence}', on stdout '${output}'")
endif()
