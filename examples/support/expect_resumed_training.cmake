# Runs resume_training (PROGRAM) in the folder WORK: killed again and again and resumed, it must
# print what it prints uninterrupted.
file(REMOVE_RECURSE ${WORK})
file(MAKE_DIRECTORY ${WORK})
function(train result output)
  execute_process(COMMAND ${PROGRAM} ${ARGN} --epochs 2000 WORKING_DIRECTORY ${WORK}
    RESULT_VARIABLE code OUTPUT_VARIABLE text ERROR_VARIABLE sentence)
  set(${result} "${code}" PARENT_SCOPE)
  set(${output} "${text}${sentence}" PARENT_SCOPE)
endfunction()

train(code straight straight.bin)
if(NOT code EQUAL 0 OR NOT straight MATCHES "^epoch 2000/2000  loss 0.*petal_width +[01][.0-9e-]+\n")
  message(FATAL_ERROR "exit code ${code}: ${straight}")
endif()

# Killed while it saves; then from outside, at any moment.
train(code text run.bin --kill-at 600)
if(code EQUAL 0 OR text MATCHES "petal" OR NOT EXISTS ${WORK}/run.bin.new)
  message(FATAL_ERROR "not killed, but ${code}: ${text}")
endif()
train(code text run.bin --kill-at 601)
if(NOT text MATCHES "goes on after epoch 599\n")
  message(FATAL_ERROR "not resumed: ${text}")
endif()
foreach(seconds 0.02 0.05 0.1)
  execute_process(COMMAND ${PROGRAM} run.bin --epochs 2000 WORKING_DIRECTORY ${WORK}
    TIMEOUT ${seconds} OUTPUT_QUIET)
  execute_process(COMMAND ${CMAKE_COMMAND} -E sleep 0.5)  # until it is dead: CMake does not wait
endforeach()
train(code resumed run.bin)
if(NOT resumed MATCHES "^goes on after epoch ([0-9]+)\n" OR CMAKE_MATCH_1 LESS 600)
  message(FATAL_ERROR "not resumed: ${resumed}")
endif()
string(REGEX REPLACE "^goes on[^\n]*\n" "" resumed "${resumed}")
# Nothing is left to train if the last process finished in time.
if(CMAKE_MATCH_1 EQUAL 2000)
  string(REGEX REPLACE "^[^\n]*\n" "" straight "${straight}")
  string(REGEX REPLACE "^[^\n]*\n" "" resumed "${resumed}")
endif()
if(NOT resumed STREQUAL straight)
  message(FATAL_ERROR "uninterrupted:\n${straight}\nresumed:\n${resumed}")
endif()

# A damaged file is reported, and not overwritten.
file(WRITE ${WORK}/run.bin "This is no checkpoint.")
train(code text run.bin)
file(READ ${WORK}/run.bin content)
if(NOT code EQUAL 1 OR NOT text MATCHES "run.bin: viann::VarianceImportance: the archive is damaged" OR NOT content MATCHES "no checkpoint")
  message(FATAL_ERROR "exit code ${code}: ${text}")
endif()
