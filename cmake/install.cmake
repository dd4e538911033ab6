# Headers and CMake package: find_package(viann) then defines the target viann::viann.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_DATADIR}/cmake/viann)

install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/viann DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  FILES_MATCHING PATTERN "*.hpp")
install(TARGETS viann EXPORT viannTargets)
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
