#include "serry/tool/shape.hpp"

#include <doctest/doctest.h>

#include "serry/base/error.hpp"

using namespace serry;

TEST_CASE("shapes are nodes times ranks, or ranks alone") {
    CHECK(shape_option("--shapes", "4x32") == Shape{4, 32});
    CHECK(shape_option("--shapes", "8") == Shape{1, 8});
    CHECK(Shape{4, 32}.ranks() == 128);
    CHECK(Shape{4, 32}.name() == "4x32");
    for (char const* const wrong : {"", "x", "0", "-1", "4x", "x4", "4x0", "4x32x2", "1e3", "4 x 2",
                                    "99999999999", "100000x100000"}) {
        CAPTURE(wrong);
        CHECK_THROWS_WITH_AS(
            shape_option("--shapes", wrong),
            (std::string("--shapes: \"") + wrong
             + "\" is no shape; expected NODESxRANKS_A_NODE such as 4x32, or RANKS")
                .c_str(),
            UsageError);
    }
}

TEST_CASE("words hold what differs from shape to shape") {
    Shape const shape{3, 4};
    CHECK(fill_in("points-{ranks}.txt", shape, 2) == "points-12.txt");
    CHECK(fill_in("{nodes}{round}", shape, 2) == "32");
    CHECK(fill_in("{ranks*1000000}", shape, 2) == "12000000");
    CHECK(fill_in("{nodes*10}/{ranks*1}", shape, 2) == "30/12");
    for (char const* const word : {"", "{", "}", "{}", "{rank}", "{{", "a{b}c", "{ranks", "ranks}"})
        CHECK(fill_in(word, shape, 2) == word);
    CHECK(fill_in("{{ranks}}", shape, 2) == "{12}");
    CHECK_THROWS_WITH_AS(fill_in("{ranks*x}", shape, 2),
                         "serry scale: {ranks*x}: expected a whole number above 0 behind the *",
                         UsageError);
    CHECK_THROWS_AS(fill_in("{ranks*0}", shape, 2), UsageError);
    CHECK_THROWS_AS(fill_in("{ranks*9223372036854775807}", shape, 2), UsageError);
}

TEST_CASE("whether work can grow with the shape") {
    CHECK(depends_on_shape({"a", "{ranks*10}"}));
    CHECK(depends_on_shape({"{nodes}"}));
    CHECK_FALSE(depends_on_shape({"a", "b-{round}", "{other}"}));
    CHECK_FALSE(depends_on_shape({}));
}
