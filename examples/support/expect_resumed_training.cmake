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

# Killed while it saves: then there is the file of the epoch before.
foreach(epoch 600 601 1500)
  train(code text run.bin --kill-at ${epoch})
  if(code EQUAL 0 OR text MATCHES "petal" OR NOT EXISTS ${WORK}/run.bin.new)
    message(FATAL_ERROR "not killed, but ${code}: ${text}")
  endif()
endforeach()
train(code resumed run.bin)
if(NOT resumed MATCHES "^goes on after epoch 1499\n")
  message(FATAL_ERROR "not resumed: ${resumed}")
endif()
string(REGEX REPLACE "^goes on[^\n]*\n" "" resumed "${resumed}")
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
