# Target docs: the reference by Doxygen, with the pages and the examples. Doxygen's warnings are
# errors, so that no public name is without a docstring and no link leads nowhere.
find_package(Doxygen 1.9.4 REQUIRED)

set(pages README.md include/viann/README.md include/viann/METHOD.md include/viann/adapters/README.md examples/README.md
  tests/README.md tests/benchmarks/README.md .github/CHANGELOG.md .github/CONTRIBUTING.md)
list(TRANSFORM pages PREPEND ${PROJECT_SOURCE_DIR}/)

set(extra "/// \\namespace viann\n/// All public names but macros.\n")
file(GLOB examples RELATIVE ${PROJECT_SOURCE_DIR}/examples CONFIGURE_DEPENDS
  ${PROJECT_SOURCE_DIR}/examples/*.cpp)
list(APPEND examples score_checkpoints.cpp)
foreach(example ${examples})
  string(APPEND extra "\n/// \\example ${example}\n")
endforeach()
file(WRITE ${PROJECT_BINARY_DIR}/examples.dox "${extra}")

set(DOXYGEN_WARN_AS_ERROR FAIL_ON_WARNINGS)
set(DOXYGEN_WARN_IF_INCOMPLETE_DOC NO)  # a parameter whose name says all has no \param
set(DOXYGEN_EXCLUDE_PATTERNS */detail/*)
set(DOXYGEN_EXCLUDE_SYMBOLS viann::detail viann::detail::*)
set(DOXYGEN_PREDEFINED __cplusplus=202002L __cpp_concepts=201907L)
set(DOXYGEN_STRIP_FROM_INC_PATH ${PROJECT_SOURCE_DIR}/include)
set(DOXYGEN_EXAMPLE_PATH ${PROJECT_SOURCE_DIR}/examples ${PROJECT_SOURCE_DIR}/examples/checkpoints)
set(DOXYGEN_IMAGE_PATH ${PROJECT_SOURCE_DIR}/examples/pictures)
set(DOXYGEN_USE_MDFILE_AS_MAINPAGE ${PROJECT_SOURCE_DIR}/README.md)
set(DOXYGEN_FILTER_PATTERNS "\"*.md=awk -f cmake/doxygen_page.awk\"")
set(DOXYGEN_VERBATIM_VARS DOXYGEN_FILTER_PATTERNS)
set(DOXYGEN_HTML_EXTRA_FILES ${PROJECT_SOURCE_DIR}/LICENSE)
set(DOXYGEN_JAVADOC_AUTOBRIEF YES)
set(DOXYGEN_SORT_MEMBER_DOCS NO)  # the headers' order
set(DOXYGEN_GENERATE_TREEVIEW YES)
set(DOXYGEN_CLASS_GRAPH NO)
set(DOXYGEN_HAVE_DOT NO)
doxygen_add_docs(docs ${PROJECT_SOURCE_DIR}/include ${PROJECT_BINARY_DIR}/examples.dox ${pages}
  COMMENT "Reference: ${PROJECT_BINARY_DIR}/html/index.html")
