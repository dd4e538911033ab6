# Builds and runs the consumer: by CMake, which also installs it, or by make with pkg-config.
#   FROM      "installed", "pkg_config" (viann is installed first), "subdirectory" or "fetched"
#   VIANN     viann's source tree;  BUILD  viann's build tree;  WORK  a folder to work in
file(REMOVE_RECURSE ${WORK})

function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE code OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT code EQUAL 0)
    string(REPLACE ";" " " command "${ARGN}")
    message(FATAL_ERROR "${command}\n${output}")
  endif()
endfunction()

if(FROM MATCHES "installed|pkg_config")
  run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK}/prefix)
  file(GLOB_RECURSE headers RELATIVE ${VIANN}/include ${VIANN}/include/*.hpp)
  file(GLOB_RECURSE installed RELATIVE ${WORK}/prefix/include ${WORK}/prefix/include/*)
  if(NOT installed STREQUAL headers)
    message(FATAL_ERROR "include/ holds ${installed}; it must hold all headers and no more: ${headers}")
  endif()
  file(GLOB_RECURSE pages ${WORK}/prefix/*.md)
  if(pages)
    message(FATAL_ERROR "Pages are installed: ${pages}")
  endif()
endif()
if(FROM STREQUAL "pkg_config")
  file(COPY ${VIANN}/tests/consumer/Makefile ${VIANN}/tests/consumer/main.cpp DESTINATION ${WORK})
  run(${CMAKE_COMMAND} -E env PKG_CONFIG_PATH=${WORK}/prefix/share/pkgconfig
    make -C ${WORK} CXX=${COMPILER})
  return()
endif()
run(${CMAKE_COMMAND} -S ${VIANN}/tests/consumer -B ${WORK}/build
  -DFROM=${FROM} -DVIANN=${VIANN} -DCMAKE_PREFIX_PATH=${WORK}/prefix
  -DCMAKE_CXX_COMPILER=${COMPILER} -DCMAKE_INSTALL_PREFIX=${WORK}/installed)
run(${CMAKE_COMMAND} --build ${WORK}/build)
run(${CMAKE_CTEST_COMMAND} --test-dir ${WORK}/build --no-tests=error)
run(${CMAKE_COMMAND} --install ${WORK}/build)

file(GLOB_RECURSE installed RELATIVE ${WORK}/installed ${WORK}/installed/*)
if(NOT installed STREQUAL "bin/consumer")
  message(FATAL_ERROR "Installing the consumer also installs ${installed}.")
endif()
