# Runs paper_tables (PROGRAM) into the file CSV at once, and again in two parts; the second part
# finds the first's rows. Both must give the same rows and tables.
set(options --models nn1 --datasets iris,wine)
function(tables seeds file output)
  execute_process(COMMAND ${PROGRAM} ${options} --seeds ${seeds} --csv ${file}
    OUTPUT_VARIABLE text ERROR_VARIABLE sentence RESULT_VARIABLE code)
  if(NOT code EQUAL 0)
    message(FATAL_ERROR "exit code ${code}: ${sentence}")
  endif()
  string(REGEX REPLACE "^[0-9]+ runs, [0-9]+ of them new\n" "" text "${text}")  # the progress line
  set(${output} "${text}" PARENT_SCOPE)
endfunction()

file(REMOVE ${CSV} ${CSV}.parts)
tables(2 ${CSV} at_once)
tables(1 ${CSV}.parts first_part)
tables(2 ${CSV}.parts in_parts)
file(READ ${CSV} rows)
file(READ ${CSV}.parts rows_in_parts)

set(row "nn1,[a-z]+,[12],[0-9]+(,-?[0-9.e-]+)+\n")
string(REPEAT ${row} 4 four_rows)
set(header "model,dataset,seed,epochs,viann_lofo,viann_rf,garson_lofo,garson_viann\n")
if(NOT rows MATCHES "^${header}${four_rows}$")
  message(FATAL_ERROR "not four rows:\n${rows}")
endif()
if(NOT rows STREQUAL rows_in_parts)
  message(FATAL_ERROR "at once:\n${rows}\nin parts:\n${rows_in_parts}")
endif()
if(NOT at_once STREQUAL in_parts OR NOT at_once MATCHES "nn1 on wine, 2 seeds")
  message(FATAL_ERROR "at once:\n${at_once}\nin parts:\n${in_parts}")
endif()
