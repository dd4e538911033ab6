# mlpack, which is header-only, as the target mlpack::mlpack; its pkg-config file names folders of
# its build machine.
include(FindPackageHandleStandardArgs)
find_path(mlpack_INCLUDE_DIR mlpack/core.hpp)
find_path(ensmallen_INCLUDE_DIR ensmallen.hpp)
find_library(Armadillo_LIBRARY armadillo)
find_package(OpenMP QUIET COMPONENTS CXX)
mark_as_advanced(mlpack_INCLUDE_DIR ensmallen_INCLUDE_DIR Armadillo_LIBRARY)
find_package_handle_standard_args(mlpack DEFAULT_MSG
  mlpack_INCLUDE_DIR ensmallen_INCLUDE_DIR Armadillo_LIBRARY OpenMP_CXX_FOUND)
if(mlpack_FOUND AND NOT TARGET mlpack::mlpack)
  add_library(mlpack::mlpack INTERFACE IMPORTED)
  target_include_directories(mlpack::mlpack INTERFACE
    ${mlpack_INCLUDE_DIR} ${ensmallen_INCLUDE_DIR})
  target_link_libraries(mlpack::mlpack INTERFACE ${Armadillo_LIBRARY} OpenMP::OpenMP_CXX)
  # Debian's package comes without mlpack's own copy of stb.
  target_compile_definitions(mlpack::mlpack INTERFACE MLPACK_USE_SYSTEM_STB)
endif()
