# cpack: viann-tools, a package for Debian with the program score_checkpoints, for those who train in
# other languages and need no compiler.
include(GNUInstallDirs)
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON)  # packaging needs one program, not all examples
install(TARGETS score_checkpoints DESTINATION ${CMAKE_INSTALL_BINDIR})
file(ARCHIVE_CREATE OUTPUT ${PROJECT_BINARY_DIR}/score_checkpoints.1.gz
  PATHS ${PROJECT_SOURCE_DIR}/examples/checkpoints/score_checkpoints.1 FORMAT raw COMPRESSION GZip)
install(FILES ${PROJECT_BINARY_DIR}/score_checkpoints.1.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/viann-tools
  RENAME copyright)

set(CPACK_GENERATOR DEB)
set(CPACK_STRIP_FILES ON)
set(CPACK_PACKAGE_CONTACT "The viann authors <viann@example.org>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "Which inputs a neural network relies on, from checkpoints")
set(CPACK_PACKAGE_DESCRIPTION
  "score_checkpoints reads the first layer's weights from the checkpoints of a
training, in PyTorch, Keras or NumPy, and gives every input a score.")
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_NAME viann-tools)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
include(CPack)
