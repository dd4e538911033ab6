# Headers, licence, and what finds them: find_package(viann) defines the target viann::viann, and
# `pkg-config --cflags viann` prints the folders.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_DATADIR}/cmake/viann)

install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/viann DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  FILES_MATCHING PATTERN "*.hpp")
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/libviann-dev
  RENAME copyright)
install(TARGETS viann EXPORT viannTargets INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
# In the build tree, too: a project that links viann can export() its own targets.
export(EXPORT viannTargets NAMESPACE viann:: FILE ${PROJECT_BINARY_DIR}/viannTargets.cmake)
install(EXPORT viannTargets NAMESPACE viann:: DESTINATION ${package_dir})

configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/viannConfig.cmake.in
  ${PROJECT_BINARY_DIR}/viannConfig.cmake INSTALL_DESTINATION ${package_dir})
# Before 1.0 a minor release may change the interface.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/viannConfigVersion.cmake
  COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
install(FILES
  ${PROJECT_BINARY_DIR}/viannConfig.cmake
  ${PROJECT_BINARY_DIR}/viannConfigVersion.cmake
  DESTINATION ${package_dir})

set(pc_includedir ${CMAKE_INSTALL_INCLUDEDIR})
if(NOT IS_ABSOLUTE ${CMAKE_INSTALL_INCLUDEDIR})  # from viann.pc, so that what is installed can be moved
  cmake_path(RELATIVE_PATH CMAKE_INSTALL_FULL_INCLUDEDIR
    BASE_DIRECTORY ${CMAKE_INSTALL_FULL_DATADIR}/pkgconfig OUTPUT_VARIABLE pc_includedir)
  string(PREPEND pc_includedir [[${pcfiledir}/]])
endif()
configure_file(${CMAKE_CURRENT_LIST_DIR}/viann.pc.in ${PROJECT_BINARY_DIR}/viann.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/viann.pc DESTINATION ${CMAKE_INSTALL_DATADIR}/pkgconfig)

# cpack: a package for Debian, and an archive of the same files. A project that uses viann makes
# packages of its own.
if(PROJECT_IS_TOP_LEVEL)
  include(cmake/single_header.cmake)
  install(FILES ${PROJECT_BINARY_DIR}/viann.hpp DESTINATION ${CMAKE_INSTALL_DATADIR}/viann)
  set(CPACK_GENERATOR DEB TGZ)
  set(CPACK_PACKAGE_FILE_NAME ${PROJECT_NAME}-${PROJECT_VERSION})
  set(CPACK_PACKAGE_CONTACT "The viann authors <viann@example.org>")
  set(CPACK_PACKAGE_DESCRIPTION
    "viann is a header-only C++17 library on Eigen. It observes the weights of a
network's first layer at the end of every epoch, in any training loop, and
gives every input a score.")
  # Whatever the umask of the one who makes the package.
  set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
  set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
  set(CPACK_DEBIAN_PACKAGE_NAME libviann-dev)
  set(CPACK_DEBIAN_PACKAGE_ARCHITECTURE all)
  set(CPACK_DEBIAN_PACKAGE_DEPENDS "libeigen3-dev (>= 3.4)")
  set(CPACK_DEBIAN_PACKAGE_SECTION libdevel)
  include(CPack)
endif()
