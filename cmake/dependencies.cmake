# Every library that serry stands on: the oldest version that will do, and what it is for.
#
# Read twice: by the build, where a missing library ends the configuration, and by an installed
# serry-config.cmake, where find_dependency tells find_package(serry) about it.
if(CMAKE_FIND_PACKAGE_NAME STREQUAL "serry")
    include(CMakeFindDependencyMacro)
    macro(serry_needs)
        find_dependency(${ARGV})
    endmacro()
else()
    macro(serry_needs)
        find_package(${ARGV} REQUIRED)
    endmacro()
endif()

# For libraries that Debian ships without a CMake package: gives the target PkgConfig::<name>. Of
# several modules the first that is there.
macro(serry_needs_pkg name)
    pkg_search_module(${name} QUIET IMPORTED_TARGET ${ARGN})
    if(NOT ${name}_FOUND AND CMAKE_FIND_PACKAGE_NAME STREQUAL "serry")
        set(serry_FOUND FALSE)
        set(serry_NOT_FOUND_MESSAGE "serry needs ${ARGN}, which pkg-config does not know")
        return()
    elseif(NOT ${name}_FOUND)
        message(FATAL_ERROR "serry needs ${ARGN}, which pkg-config does not know")
    endif()
endmacro()

# Moving bytes between ranks. Not its old C++ bindings: they cost half a second a source file.
set(MPI_CXX_SKIP_MPICXX TRUE)
serry_needs(MPI 3.1 COMPONENTS CXX)

# mpi: plans and reports between ranks. serialization: what these are made of, and records of
# types with a serialize(). The headers: PFR, which lists an aggregate's fields.
serry_needs(Boost 1.81 CONFIG COMPONENTS mpi serialization)

# Text of messages, reports and numbers.
serry_needs(fmt 9.1 CONFIG)

# The program's and the framework's options on the command line.
serry_needs(CLI11 2.1 CONFIG)

# Reading gzip input.
serry_needs(ZLIB 1.2.13)

# The watchdog's and the write-behind thread.
set(THREADS_PREFER_PTHREAD_FLAG TRUE)
serry_needs(Threads)

# Only to find the next four.
serry_needs(PkgConfig 0.29)

# The stable 64-bit hash by which keys are ordered and dealt to partitions.
serry_needs_pkg(xxhash libxxhash>=0.8.1)

# Blocks spilled to scratch: fast.
serry_needs_pkg(lz4 liblz4>=1.9.4)

# Checkpoints and zstd input: small.
serry_needs_pkg(zstd libzstd>=1.5.4)

# HDF5 input and output. Each rank has its files to itself, so the serial flavour, which Debian
# calls hdf5-serial, will do. (CMake's own FindHDF5 would ask for C in projects that use serry.)
serry_needs_pkg(hdf5 hdf5-serial>=1.10.8 hdf5>=1.10.8)

# Reading JSON. Not Boost.JSON: before 1.82 its numbers may be off by a last bit, so that what was
# written would not read back equal; nor does it say which text a number was.
serry_needs_pkg(simdjson simdjson>=3.0)

# The tests' framework.
if(SERRY_TESTS AND NOT CMAKE_FIND_PACKAGE_NAME STREQUAL "serry")
    serry_needs(doctest 2.4.9 CONFIG)
endif()
