# serry_sanitizers: SERRY_SANITIZE for all that is compiled and linked in this build. The library
# passes it on to programs and tests, because a sanitizer must see both sides of every template.
add_library(serry_sanitizers INTERFACE)
if(SERRY_SANITIZE)
    target_compile_options(serry_sanitizers INTERFACE
        -fsanitize=${SERRY_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(serry_sanitizers INTERFACE -fsanitize=${SERRY_SANITIZE})
endif()
