# viann.hpp in the build tree: that header and all that it includes in one file, for those who copy a
# header, and for compilers in a browser.
function(viann_append_header header)
  get_property(seen GLOBAL PROPERTY viann_seen_headers)
  if(header IN_LIST seen)
    return()
  endif()
  set_property(GLOBAL APPEND PROPERTY viann_seen_headers ${header})
  set(path ${PROJECT_SOURCE_DIR}/include/${header})
  set_property(DIRECTORY ${PROJECT_SOURCE_DIR} APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${path})
  file(READ ${path} text)
  string(REPLACE "// SPDX-License-Identifier: MIT\n#pragma once\n" "" text "${text}")
  while(text MATCHES "#include \"(viann/[a-z0-9_/]+[.]hpp)\"\n")
    set(included ${CMAKE_MATCH_1})
    string(LENGTH "${CMAKE_MATCH_0}" length)
    string(FIND "${text}" "${CMAKE_MATCH_0}" begin)
    string(SUBSTRING "${text}" 0 ${begin} before)
    math(EXPR end "${begin} + ${length}")
    string(SUBSTRING "${text}" ${end} -1 text)
    set_property(GLOBAL APPEND_STRING PROPERTY viann_single_header "${before}")
    viann_append_header(${included})
  endwhile()
  set_property(GLOBAL APPEND_STRING PROPERTY viann_single_header "${text}")
endfunction()

viann_append_header(viann/viann.hpp)
get_property(single_header GLOBAL PROPERTY viann_single_header)
file(READ ${PROJECT_SOURCE_DIR}/LICENSE license)
file(WRITE ${PROJECT_BINARY_DIR}/single_header.txt "// viann ${PROJECT_VERSION}: ${PROJECT_DESCRIPTION}.
// All headers of the core in one file. It needs C++17 and Eigen 3.4 or later.
/*
${license}*/
#pragma once
${single_header}")
configure_file(${PROJECT_BINARY_DIR}/single_header.txt ${PROJECT_BINARY_DIR}/viann.hpp COPYONLY)
