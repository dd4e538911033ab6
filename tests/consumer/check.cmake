# Builds and runs the consumer: by CMake, which also installs it, or by make with pkg-config.
#   FROM      "installed", "pkg_config" (viann is installed first), both also with "_versioned" or
#             "_absolute" (where its headers are), "subdirectory", "exported" or "fetched"
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
  set(include include)
  if(FROM MATCHES "_versioned")
    set(include include/viann-0.3)
  elseif(FROM MATCHES "_absolute")
    string(MD5 name ${WORK})  # not in the source tree, which CMake refuses
    set(include /tmp/viann_${name})
    file(REMOVE_RECURSE ${include})
  endif()
  if(FROM MATCHES "_(versioned|absolute)")
    # An older viann is in the usual folder.
    file(WRITE ${WORK}/prefix/include/viann/viann.hpp "#error an older viann")
    set(BUILD ${WORK}/viann)
    run(${CMAKE_COMMAND} -S ${VIANN} -B ${BUILD} -DCMAKE_CXX_COMPILER=${COMPILER} -DVIANN_BUILD_TESTS=OFF
      -DVIANN_BUILD_EXAMPLES=OFF -DCMAKE_INSTALL_INCLUDEDIR=${include})
  endif()
  run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK}/prefix)
  cmake_path(ABSOLUTE_PATH include BASE_DIRECTORY ${WORK}/prefix)
  file(GLOB_RECURSE headers RELATIVE ${VIANN}/include ${VIANN}/include/*.hpp)
  file(GLOB_RECURSE installed RELATIVE ${include} ${include}/*)
  if(NOT installed STREQUAL headers)
    message(FATAL_ERROR "${include} holds ${installed}; it must hold all headers and no more: ${headers}")
  endif()
  file(GLOB_RECURSE pages ${WORK}/prefix/*.md)
  if(pages)
    message(FATAL_ERROR "Pages are installed: ${pages}")
  endif()
endif()
if(FROM MATCHES "pkg_config")
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
if(NOT FROM STREQUAL "exported" AND NOT installed STREQUAL "bin/consumer")
  message(FATAL_ERROR "Installing the consumer also installs ${installed}.")
endif()
