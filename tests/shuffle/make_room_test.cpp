#include "serry/shuffle/make_room.hpp"

#include <doctest/doctest.h>

using namespace serry;

TEST_CASE("room is made exactly, and kept") {
    ByteWriter bytes;
    make_room(bytes, 1000);
    CHECK(bytes.capacity() == 1000);
    bytes.put("abc");
    char const* const at = bytes.data();
    make_room(bytes, 900);
    CHECK(bytes.empty());
    CHECK(bytes.data() == at);
    make_room(bytes, 1100);
    CHECK(bytes.empty());
    CHECK(bytes.capacity() == 1100);
}
