# Tests are named by their place: add_plain_test(base/hash_test) builds tests/base/hash_test.cpp.
# In a build with sanitizers every name begins with "asan/", so that one ctest run can hold both.

# The library is tested as it is shipped. What the tests are compiled with, test_compile_options, is
# less: optimising them takes a third of their time to compile, and two thirds with sanitizers.

if(SERRY_SANITIZE)
    set(test_prefix asan/)
    set(test_timeout_seconds 240)
    # Sanitizers find the same mistakes at most counts, and make every rank's start slow.
    set(test_rank_counts 1 2 5)
    set(test_compile_options -O0)
else()
    set(test_prefix "")
    set(test_timeout_seconds 60) # a rank that waits for ever is how tests of MPI programs fail
    # Alone, the smallest pair, odd, a power of two, a prime above the cores.
    set(test_rank_counts 1 2 3 4 7)
    set(test_compile_options $<$<CONFIG:Release>:-O1>)
endif()

# For Open MPI, which otherwise refuses to run for root or with more ranks than cores, and ties the
# ranks of tests that run side by side to the same cores. As variables rather than options of
# mpirun, so that a test may launch mpirun too; other MPIs ignore them.
set(test_environment
    OMPI_ALLOW_RUN_AS_ROOT=1
    OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
    OMPI_MCA_rmaps_base_oversubscribe=1
    OMPI_MCA_hwloc_base_binding_policy=none
    OMPI_MCA_mpi_yield_when_idle=1
    ASAN_OPTIONS=leak_check_at_exit=0:allow_addr2line=1
    "LSAN_OPTIONS=suppressions=${CMAKE_CURRENT_LIST_DIR}/leaks.supp:print_suppressions=0"
    UBSAN_OPTIONS=print_stacktrace=1)

# add_plain_test(<folder>/<test> [PROGRAMS <target>...])
#
# A doctest program in one process, without MPI. It may launch the programs, on ranks or not: the
# path of the target word_count is WORD_COUNT_PROGRAM.
function(add_plain_test name)
    cmake_parse_arguments(PARSE_ARGV 1 ARG "" "" PROGRAMS)
    add_test_program(target ${name} plain_main)
    foreach(program IN LISTS ARG_PROGRAMS)
        string(TOUPPER ${program}_PROGRAM variable)
        target_compile_definitions(${target} PRIVATE ${variable}="$<TARGET_FILE:${program}>")
        add_dependencies(${target} ${program})
    endforeach()
    add_test(NAME ${test_prefix}${name} COMMAND ${target})
    set_tests_properties(${test_prefix}${name} PROPERTIES
        TIMEOUT ${test_timeout_seconds} ENVIRONMENT "${test_environment}")
endfunction()

# add_mpi_test(<folder>/<test> [RANKS <count>...])
#
# A doctest program that all ranks run, registered once per rank count as <folder>/<test>@<count>.
function(add_mpi_test name)
    cmake_parse_arguments(PARSE_ARGV 1 ARG "" "" RANKS)
    if(NOT ARG_RANKS)
        set(ARG_RANKS ${test_rank_counts})
    endif()
    add_test_program(target ${name} mpi_main)
    foreach(ranks IN LISTS ARG_RANKS)
        set(test ${test_prefix}${name}@${ranks})
        add_test(NAME ${test}
            COMMAND ${MPIEXEC_EXECUTABLE} ${MPIEXEC_NUMPROC_FLAG} ${ranks} ${MPIEXEC_PREFLAGS}
                    $<TARGET_FILE:${target}> ${MPIEXEC_POSTFLAGS})
        # `ctest -j 2` runs no test that claims more than two cores beside another.
        if(ranks GREATER 2)
            set(cores 2)
        else()
            set(cores ${ranks})
        endif()
        set_tests_properties(${test} PROPERTIES
            LABELS mpi
            PROCESSORS ${cores}
            TIMEOUT ${test_timeout_seconds}
            ENVIRONMENT "${test_environment}")
    endforeach()
endfunction()

# add_test_program(<variable> <folder>/<program> [<library>...])
#
# A program for tests to run, tests/<folder>/<program>.cpp. Its target, <folder>_<program>, is also
# put into <variable>.
function(add_test_program variable name)
    string(REPLACE "/" "_" target ${name})
    add_executable(${target} ${name}.cpp)
    set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF)
    target_compile_options(${target} PRIVATE ${test_compile_options})
    target_link_libraries(${target} PRIVATE serry::serry serry_warnings ${ARGN})
    set(${variable} ${target} PARENT_SCOPE)
endfunction()
