# Libraries that only some tests and examples need. These are built where their library is found;
# so that none is left out unseen, VIANN_REQUIRE names libraries without which to stop.
set(VIANN_REQUIRE "" CACHE STRING "Stop if one of these is missing: XGBoost;Torch;dlib;mlpack;MPI;cereal;Boost;gnuplot")

list(APPEND CMAKE_MODULE_PATH ${PROJECT_SOURCE_DIR}/cmake)
set(components_of_Boost COMPONENTS serialization)
foreach(library XGBoost Torch dlib mlpack MPI cereal Boost)
  set(required QUIET)
  if(library IN_LIST VIANN_REQUIRE)
    set(required REQUIRED)
  endif()
  find_package(${library} ${required} ${components_of_${library}})
endforeach()

find_program(GNUPLOT gnuplot)
if("gnuplot" IN_LIST VIANN_REQUIRE AND NOT GNUPLOT)
  message(FATAL_ERROR "gnuplot is not found.")
endif()
