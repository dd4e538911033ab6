#extract_programs(NAMES FILES...) : writes every complete program in the documentation, a block
#between ```cpp and ``` with a main(), to its own file documented / NAME.cpp, and returns the names.
#documented / all.cpp is one program of them, which runs the one that its argument names.
function(extract_programs result) set(names "") set(all "#include <string>\n") set(run "") foreach (
    file ${ARGN}) set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${
    file}) get_filename_component(name ${
    file} NAME_WE) if (name STREQUAL
                       "README" AND NOT file STREQUAL
                       "${PROJECT_SOURCE_DIR}/README.md") get_filename_component(folder ${
    file} DIRECTORY) get_filename_component(folder ${folder} NAME) set(name ${
    folder} _README) endif() file(READ ${
    file} text) if (file MATCHES "[.]hpp$") string(REGEX REPLACE
                                                   "\n *///? ?"
                                                   "\n" text "${text}") endif()
#CMake reads; and[] as list syntax.
    string(REPLACE
           ";"
           "<semicolon>" text "${text}") string(REPLACE
                                                "["
                                                "<open>" text "${text}")
        string(
            REPLACE
            "]"
            "<close>" text
            "${text}") string(REGEX MATCHALL
                              "\n```cpp\n[^`]*\n```" blocks
                              "${text}") set(number 0) foreach (block ${
            blocks}) if (block MATCHES "int main\\(") math(EXPR number "${number} + 1")
            string(REGEX REPLACE
                   "^\n```cpp\n|\n```$"
                   "" program "${block}") string(REPLACE
                                                 "<semicolon>"
                                                 ";" program
                                                 "${program}") string(REPLACE
                                                                      "<open>"
                                                                      "[" program
                                                                      "${program}")
                string(REPLACE
                       "<close>"
                       "]" program
                       "${program}")
#Only a function that is called main may end without it.
                    string(REGEX REPLACE
                           "}$"
                           "  return 0;\n}" program
                           "${program}") set(program_name ${name} _${
                        number}) file(CONFIGURE OUTPUT documented /
                                      ${program_name}
                                          .cpp CONTENT "${program}\n"
                                      @ONLY)
                        string(APPEND all
                               "#define main ${program_name}\n#include "
                               "\"${program_name}.cpp\"\n#undef main\n")
                            string(APPEND run
                                   "  if (name == \"${program_name}\") return ${program_name}();\n")
                                list(APPEND names ${program_name}) endif() endforeach() endforeach()
                                    string(
                                        APPEND all
                                        "int main(int argc, char** argv) {\n"
                                        "  const std::string name = argc > 1 ? argv[1] : \"\";\n")
                                        file(CONFIGURE OUTPUT documented /
                                             all.cpp CONTENT "${all}${run}  return 1;\n}\n" @ONLY)
                                            set($ { result } "${names}" PARENT_SCOPE) endfunction()
