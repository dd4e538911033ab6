# viann_mpi_test(NAME RANKS COMMAND...): a test under mpirun. It may run as root, as in containers,
# and with more ranks than processors: Open MPI 4 and 5 read both from the environment; others
# ignore it.
function(viann_mpi_test name ranks)
  add_test(NAME ${name}
    COMMAND ${MPIEXEC_EXECUTABLE} ${MPIEXEC_NUMPROC_FLAG} ${ranks} ${MPIEXEC_PREFLAGS} ${ARGN})
  set_tests_properties(${name} PROPERTIES
    TIMEOUT 120  # ranks may wait for each other
    PROCESSORS ${ranks}
    ENVIRONMENT "OMPI_ALLOW_RUN_AS_ROOT=1;OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1;PRTE_ALLOW_RUN_AS_ROOT=1;PRTE_ALLOW_RUN_AS_ROOT_CONFIRM=1;OMPI_MCA_rmaps_base_oversubscribe=1;PRTE_MCA_rmaps_default_mapping_policy=:oversubscribe;OMPI_MCA_mpi_yield_when_idle=1;OMPI_MCA_hwloc_base_binding_policy=none;PRTE_MCA_hwloc_default_binding_policy=none;OMPI_MCA_btl_vader_single_copy_mechanism=none")
endfunction()
