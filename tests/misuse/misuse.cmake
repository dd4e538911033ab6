# Mistakes that do not compile, and the compiler's messages.
set(misuse ${CMAKE_CXX_COMPILER} -std=c++17 -fsyntax-only -I${PROJECT_SOURCE_DIR}/include)
get_target_property(folders Eigen3::Eigen INTERFACE_INCLUDE_DIRECTORIES)
foreach(folder ${folders})
  list(APPEND misuse -isystem ${folder})
endforeach()
if(CMAKE_CXX_COMPILER_ID MATCHES Clang)
  list(APPEND misuse -ferror-limit=0)
endif()
set(source ${CMAKE_CURRENT_SOURCE_DIR}/misuse/misuse.cpp)
add_test(NAME misuse COMMAND ${CMAKE_COMMAND} "-DCOMMAND=${misuse};${source}"
  -DSOURCE=${source} -P ${CMAKE_CURRENT_SOURCE_DIR}/misuse/check.cmake)

# What C++20 has besides. The test is what compiles.
add_test(NAME importance_hook.cpp20 COMMAND ${misuse} -std=c++20 -Wall -Wextra -Werror
  ${CMAKE_CURRENT_SOURCE_DIR}/importance_hook_cpp20_test.cpp)

# An Eigen or a compiler that viann cannot use prints one sentence.
set(old_eigen ${CMAKE_CURRENT_BINARY_DIR}/old_eigen.hpp)
file(CONFIGURE OUTPUT ${old_eigen} CONTENT
  "#include <Eigen/Core>\n#undef EIGEN_MAJOR_VERSION\n#define EIGEN_MAJOR_VERSION 3\n")
add_test(NAME requirements.eigen COMMAND ${misuse} -include ${old_eigen}
  ${PROJECT_SOURCE_DIR}/include/viann/viann.hpp)
set_tests_properties(requirements.eigen PROPERTIES
  PASS_REGULAR_EXPRESSION "error:[^\n]*viann needs Eigen 3.4 or later")
foreach(flag -std=c++14 -fno-exceptions)
  add_test(NAME requirements${flag} COMMAND ${misuse} ${flag} ${PROJECT_SOURCE_DIR}/include/viann/viann.hpp)
endforeach()
set_tests_properties(requirements-std=c++14 PROPERTIES
  PASS_REGULAR_EXPRESSION "error:[^\n]*viann needs C\\+\\+17 or later: compile with -std=c\\+\\+17")
set_tests_properties(requirements-fno-exceptions PROPERTIES
  PASS_REGULAR_EXPRESSION "error:[^\n]*viann reports errors by exceptions")
