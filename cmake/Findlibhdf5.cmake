# HDF5's library in C, as the target libhdf5::libhdf5. CMake's own module asks for a compiler of C.
include(FindPackageHandleStandardArgs)
find_path(libhdf5_INCLUDE_DIR hdf5.h PATH_SUFFIXES hdf5/serial)
find_library(libhdf5_LIBRARY hdf5 PATH_SUFFIXES hdf5/serial)
mark_as_advanced(libhdf5_INCLUDE_DIR libhdf5_LIBRARY)
find_package_handle_standard_args(libhdf5 REQUIRED_VARS libhdf5_LIBRARY libhdf5_INCLUDE_DIR)
if(libhdf5_FOUND AND NOT TARGET libhdf5::libhdf5)
  add_library(libhdf5::libhdf5 UNKNOWN IMPORTED)
  set_target_properties(libhdf5::libhdf5 PROPERTIES
    IMPORTED_LOCATION ${libhdf5_LIBRARY}
    INTERFACE_INCLUDE_DIRECTORIES ${libhdf5_INCLUDE_DIR})
endif()
