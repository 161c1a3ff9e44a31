# add_compile_fail_test(<name>)
#
# A misuse that must not compile, tests/compile_fail/<name>.cpp. Its first line says what the
# compiler's message must match: `// expect: REGEX` (CMake's regular expressions). The compiler is
# called as for a program that uses serry, but only checks the syntax.
function(add_compile_fail_test name)
    set(user compile_fail_user)
    if(NOT TARGET ${user})
        # Never built: it only gathers what a user of the library is given.
        file(CONFIGURE OUTPUT ${user}.cpp CONTENT "")
        add_library(${user} OBJECT EXCLUDE_FROM_ALL ${CMAKE_CURRENT_BINARY_DIR}/${user}.cpp)
        target_link_libraries(${user} PRIVATE serry::serry)
    endif()
    set(options "$<TARGET_PROPERTY:${user},COMPILE_OPTIONS>")
    set(definitions "$<TARGET_PROPERTY:${user},COMPILE_DEFINITIONS>")
    set(folders "$<TARGET_PROPERTY:${user},INCLUDE_DIRECTORIES>")
    set(source ${CMAKE_CURRENT_SOURCE_DIR}/compile_fail/${name}.cpp)
    add_test(NAME compile_fail/${name}
        COMMAND ${CMAKE_COMMAND} -DEXPECT_FROM=${source} -P ${PROJECT_SOURCE_DIR}/cmake/expect_failure.cmake
                -- ${CMAKE_CXX_COMPILER} -std=c++20 -fsyntax-only ${options}
                "$<$<BOOL:${definitions}>:-D$<JOIN:${definitions},;-D>>"
                "$<$<BOOL:${folders}>:-I$<JOIN:${folders},;-I>>" ${source}
        COMMAND_EXPAND_LISTS)
    set_tests_properties(compile_fail/${name} PROPERTIES TIMEOUT 120)
endfunction()
