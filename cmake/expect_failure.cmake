# Passes when a command fails and what it prints matches a regular expression:
#
#   cmake -DEXPECT=<regex>       -P cmake/expect_failure.cmake -- <command>...
#   cmake -DEXPECT_FROM=<file>   -P cmake/expect_failure.cmake -- <command>...
#
# Line breaks in the output count as spaces. With EXPECT_FROM the regular expression stands in the
# file's first line: `// expect: <regex>`, or `expect: <regex>` in a patch.
cmake_minimum_required(VERSION 3.25)

if(EXPECT_FROM)
    file(STRINGS ${EXPECT_FROM} lines LIMIT_COUNT 1)
    if(NOT lines MATCHES "^(// )?expect: (.+)$")
        message(FATAL_ERROR "${EXPECT_FROM}: the first line is no `expect: REGEX`")
    endif()
    set(EXPECT "${CMAKE_MATCH_2}")
endif()

set(command "")
math(EXPR last "${CMAKE_ARGC} - 1")
foreach(i RANGE ${last})
    if(DEFINED command_begins)
        list(APPEND command "${CMAKE_ARGV${i}}")
    elseif(CMAKE_ARGV${i} STREQUAL "--")
        set(command_begins TRUE)
    endif()
endforeach()
if(NOT command OR "${EXPECT}" STREQUAL "")
    message(FATAL_ERROR "nothing to run, or nothing to expect")
endif()

execute_process(COMMAND ${command}
    RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
string(REGEX REPLACE "[ \t\r\n]+" " " line "${output}")
if(result EQUAL 0)
    message(FATAL_ERROR "this succeeded and should have failed: ${command}\n${output}")
elseif(NOT line MATCHES "${EXPECT}")
    message(FATAL_ERROR "this failed (${result}) without saying \"${EXPECT}\": ${command}\n${output}")
endif()
