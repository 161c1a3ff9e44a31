# Fails when a file includes what its layer may not use. Run as a test:
#
#   cmake -DROOT=<source folder> -P cmake/check_layers.cmake
#
# A layer is a folder of lib/serry; the files directly in lib/serry are the layer `api`. The matrix
# is explained in lib/README.md.
cmake_minimum_required(VERSION 3.25)

set(base_may_use    "")
set(comm_may_use    base)
set(serde_may_use   base)
set(plan_may_use    base)
set(stage_may_use   base serde plan)
set(source_may_use  base serde plan stage)
set(shuffle_may_use base serde comm plan stage)
set(sink_may_use    base serde comm plan stage)
set(checkpoint_may_use base serde sink)
set(exec_may_use    base serde comm plan stage source shuffle sink checkpoint)
set(tool_may_use    base serde source sink checkpoint)
set(api_may_use     base serde comm plan stage source shuffle sink checkpoint exec tool)

set(include_line "^[ \t]*#[ \t]*include[ \t]*")

function(complain text)
    message("${text}")
    set(failed TRUE PARENT_SCOPE)
endfunction()

# The layer of a path below lib/serry.
function(layer_of path variable)
    if(path MATCHES "^([^/]+)/")
        set(${variable} ${CMAKE_MATCH_1} PARENT_SCOPE)
    else()
        set(${variable} api PARENT_SCOPE)
    endif()
endfunction()

file(GLOB_RECURSE files RELATIVE ${ROOT}/lib/serry ${ROOT}/lib/serry/*.hpp ${ROOT}/lib/serry/*.cpp)
if(NOT files)
    message(FATAL_ERROR "no files below ${ROOT}/lib/serry")
endif()
foreach(file IN LISTS files)
    layer_of(${file} layer)
    if(NOT DEFINED ${layer}_may_use)
        complain("lib/serry/${file}: cmake/check_layers.cmake knows no layer ${layer}")
        continue()
    endif()
    list(JOIN ${layer}_may_use " " allowed)
    file(STRINGS ${ROOT}/lib/serry/${file} lines REGEX "${include_line}(\"|<serry/)")
    foreach(line IN LISTS lines)
        if(NOT line MATCHES "${include_line}[\"<]serry/([^\">]+)")
            complain("lib/serry/${file}: the library's files are included as \"serry/...\": ${line}")
            continue()
        endif()
        layer_of(${CMAKE_MATCH_1} used)
        if(NOT used STREQUAL layer AND NOT used IN_LIST ${layer}_may_use)
            complain("lib/serry/${file}: ${layer} may use [${allowed}], not ${used}: ${line}")
        endif()
    endforeach()
endforeach()

file(GLOB_RECURSE files RELATIVE ${ROOT}/apps ${ROOT}/apps/*.hpp ${ROOT}/apps/*.cpp)
foreach(file IN LISTS files)
    file(STRINGS ${ROOT}/apps/${file} lines REGEX "${include_line}[\"<]serry/[^\">]*/")
    foreach(line IN LISTS lines)
        complain("apps/${file}: programs may use only the headers directly in serry/: ${line}")
    endforeach()
endforeach()

if(failed)
    message(FATAL_ERROR "includes against the layers")
endif()
