# viann_executable(NAME SOURCES... [LIBRARIES...]): a program of this project.
# viann_warnings(NAME): the warnings of this project's programs, and no extensions of the language.
option(VIANN_WARNINGS_AS_ERRORS "Stop at compiler warnings in viann's tests and examples" OFF)

function(viann_warnings name)
  set_target_properties(${name} PROPERTIES CXX_EXTENSIONS OFF)
  target_compile_options(${name} PRIVATE -Wall -Wextra -Wpedantic -Wconversion -Wshadow
    $<$<BOOL:${VIANN_WARNINGS_AS_ERRORS}>:-Werror>)
endfunction()

function(viann_executable name)
  cmake_parse_arguments(arg "" "" "SOURCES;LIBRARIES" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE viann::viann ${arg_LIBRARIES})
  viann_warnings(${name})
endfunction()
