# serry_warnings: what the compiler shall say of serry's own sources. Linked for the build only, so
# that projects which use serry never get it.
add_library(serry_warnings INTERFACE)
target_compile_options(serry_warnings INTERFACE
    -Wall -Wextra -Wnon-virtual-dtor -Woverloaded-virtual
    $<$<BOOL:${SERRY_WERROR}>:-Werror>)

# What GCC 12 warns of without a reason: overlaps in std::string::insert and + (its bug 105651), and
# unset variables in its own AVX-512 header (105593).
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    target_compile_options(serry_warnings INTERFACE -Wno-restrict -Wno-maybe-uninitialized)
endif()

# In the one source of a layer, names of its sources meet, and types of a source's own seem shared.
if(NOT CMAKE_UNITY_BUILD)
    target_compile_options(serry_warnings INTERFACE -Wshadow)
elseif(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(serry_warnings INTERFACE -Wno-subobject-linkage)
endif()
