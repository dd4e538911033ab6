cmake_minimum_required(VERSION 3.21)
#Every link in PAGES leads to an existing file or heading.Links to other sites are not followed.
    foreach (page ${PAGES}) get_filename_component(folder ${page} DIRECTORY) file(READ ${page} text)
#CMake reads; and[] as list syntax.
        string(REPLACE
               ";"
               " " text "${text}") string(REPLACE
                                          "]("
                                          "<link>" text "${text}") string(REGEX REPLACE
                                                                          "[][]"
                                                                          "" text "${text}")
            string(REGEX MATCHALL "<link>[^) ]+[)]" links "${text}") foreach (link ${
                links}) string(REGEX REPLACE
                               "^<link>|[)]$"
                               "" link "${link}") if (link MATCHES "^https?:") continue() endif()
                string(REGEX REPLACE
                       "#.*$"
                       "" path
                       "${link}") set(target ${page}) if (path) get_filename_component(target ${
                    path} ABSOLUTE BASE_DIR ${folder}) endif() if (NOT EXISTS ${target})
                    message(SEND_ERROR "${page}: ${link} leads nowhere.") elseif(link MATCHES
                                                                                 "#(.+)$")
#A heading's anchor: lower case, without punctuation, hyphens for blanks.
                        set(anchor ${CMAKE_MATCH_1}) file(STRINGS ${target} headings REGEX "^#+ ")
                            set(anchors "") foreach (heading ${headings}) string(REGEX REPLACE
                                                                                 "^#+ "
                                                                                 "" heading
                                                                                 "${heading}")
                                string(TOLOWER "${heading}" heading) string(REGEX REPLACE
                                                                            "[^a-z0-9 _-]"
                                                                            "" heading "${heading}")
                                    string(REPLACE
                                           " "
                                           "-" heading
                                           "${heading}") list(APPEND anchors "${heading}")
                                        endforeach() if (NOT anchor IN_LIST anchors)
                                            message(SEND_ERROR
                                                    "${page}: ${link}: there is no such heading.")
                                                endif() endif() endforeach() endforeach()
