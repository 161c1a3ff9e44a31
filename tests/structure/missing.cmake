# Fails when something was forgotten. Run as a test:
#
#   cmake -DROOT=<source folder> -P tests/structure/missing.cmake
#
# - Every noun of the library, lib/serry/<layer>/<noun>.hpp or .cpp, has a tests/<layer>/<noun>_test.cpp;
#   the layer of files directly in lib/serry is `api`.
# - That test includes the noun's header before all else, which shows that the header compiles alone,
#   and the header begins with `#pragma once`.
# - lib/CMakeLists.txt names every file of the library, tests/CMakeLists.txt every test.
cmake_minimum_required(VERSION 3.25)

set(without_test lib/serry/serry.hpp) # includes the others, and tests/install uses it

file(STRINGS ${ROOT}/lib/CMakeLists.txt lines REGEX "^[^#]")
string(JOIN "\n" library ${lines})
file(STRINGS ${ROOT}/tests/CMakeLists.txt lines REGEX "^[^#]")
string(JOIN "\n" tests ${lines})

function(complain text)
    message("${text}")
    set(failed TRUE PARENT_SCOPE)
endfunction()

# Whether a text holds a word of file names.
function(names text word variable)
    string(REPLACE "." "\\." pattern "${word}")
    if(text MATCHES "(^|[ \t\n(])${pattern}([ \t\n)]|$)")
        set(${variable} TRUE PARENT_SCOPE)
    else()
        set(${variable} FALSE PARENT_SCOPE)
    endif()
endfunction()

function(check_header header test)
    file(STRINGS ${ROOT}/${header} lines LIMIT_COUNT 1)
    if(NOT lines STREQUAL "#pragma once")
        complain("${header} does not begin with #pragma once")
    endif()
    if(EXISTS ${ROOT}/${test})
        file(STRINGS ${ROOT}/${test} includes REGEX "^#include")
        list(GET includes 0 first)
        cmake_path(RELATIVE_PATH header BASE_DIRECTORY lib)
        if(NOT first STREQUAL "#include \"${header}\"")
            complain("${test} includes other files before ${header}: ${first}")
        endif()
    endif()
    set(failed ${failed} PARENT_SCOPE)
endfunction()

file(GLOB_RECURSE files RELATIVE ${ROOT} ${ROOT}/lib/serry/*.hpp ${ROOT}/lib/serry/*.cpp)
foreach(file IN LISTS files)
    cmake_path(GET file PARENT_PATH folder)
    cmake_path(GET file FILENAME name)
    cmake_path(GET file STEM LAST_ONLY noun)

    cmake_path(RELATIVE_PATH folder BASE_DIRECTORY lib/serry OUTPUT_VARIABLE layer)
    if(layer STREQUAL ".")
        set(layer api)
    endif()
    set(test tests/${layer}/${noun}_test.cpp)
    if(NOT EXISTS ${ROOT}/${test} AND NOT file IN_LIST without_test)
        complain("${file} has no test, ${test}")
    endif()
    if(name MATCHES "\\.hpp$")
        check_header(${file} ${test})
    endif()

    cmake_path(RELATIVE_PATH folder BASE_DIRECTORY lib OUTPUT_VARIABLE folder)
    set(listed FALSE)
    if(library MATCHES "serry_layer\\(${folder}[ \t\n]([^)]*)\\)")
        names("${CMAKE_MATCH_1}" ${name} listed)
    endif()
    if(NOT listed)
        complain("${file} is not named in lib/CMakeLists.txt")
    endif()
endforeach()

file(GLOB_RECURSE files RELATIVE ${ROOT}/tests ${ROOT}/tests/*_test.cpp)
foreach(file IN LISTS files)
    string(REGEX REPLACE "\\.cpp$" "" test ${file})
    names("${tests}" ${test} listed)
    if(NOT listed AND NOT file MATCHES "^structure/broken/")
        complain("tests/${file} is not named in tests/CMakeLists.txt")
    endif()
endforeach()

if(failed)
    message(FATAL_ERROR "something was forgotten")
endif()
