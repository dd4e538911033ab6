# Runs PROGRAM with ARGUMENTS: it must succeed and rewrite the file WRITES.
file(REMOVE ${WRITES})
execute_process(COMMAND ${PROGRAM} ${ARGUMENTS} RESULT_VARIABLE code ERROR_VARIABLE sentence)
if(EXISTS ${WRITES})
  file(SIZE ${WRITES} size)
endif()
if(NOT code EQUAL 0 OR NOT size GREATER 1000)
  message(FATAL_ERROR "exit code ${code}, ${WRITES} of '${size}' bytes, on stderr '${sentence}'")
endif()
