# add_header_tests(<library>)
#
# Every header of the library's file set must compile alone, and twice: the test builds one object
# file per header, which no other target needs.
function(add_header_tests library)
    get_target_property(headers ${library} HEADER_SET)
    get_target_property(folders ${library} HEADER_DIRS)
    list(GET folders 0 folder)
    foreach(header IN LISTS headers)
        cmake_path(RELATIVE_PATH header BASE_DIRECTORY ${folder})
        set(source ${CMAKE_CURRENT_BINARY_DIR}/headers/${header}.cpp)
        file(CONFIGURE OUTPUT ${source} CONTENT "#include \"${header}\"\n#include \"${header}\"\n")
        list(APPEND sources ${source})
    endforeach()
    add_library(header_tests OBJECT EXCLUDE_FROM_ALL ${sources})
    set_target_properties(header_tests PROPERTIES CXX_EXTENSIONS OFF)
    target_link_libraries(header_tests PRIVATE ${library} serry_warnings)

    add_test(NAME structure/headers
        COMMAND ${CMAKE_COMMAND} --build ${PROJECT_BINARY_DIR} --target header_tests)
    set_tests_properties(structure/headers PROPERTIES
        PROCESSORS 2 TIMEOUT 900 RESOURCE_LOCK build_tree)
endfunction()
