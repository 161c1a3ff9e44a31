#include "serry/stage/batch.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <doctest/doctest.h>

#include "support/allocations.hpp"

using namespace serry;

namespace {

struct alignas(64) Aligned {
    int number = 0;
};
struct View {
    std::string_view text;
    int const number = 0;
};

template <typename T, typename Make>
void fill_and_check(Make make) {
    Batch<T> batch;
    for (int round = 0; round < 3; ++round) {
        CHECK(batch.empty());
        CHECK_FALSE(batch.is_full());
        for (std::size_t i = 0; i < batch_records; ++i) {
            CHECK_FALSE(batch.is_full());
            batch.add(make(static_cast<int>(i) + round));
            CHECK(batch.size() == i + 1);
        }
        CHECK(batch.is_full());
        CHECK(batch.records().size() == batch_records);
        for (std::size_t i = 0; i < batch_records; ++i)
            REQUIRE(batch.records()[i] == make(static_cast<int>(i) + round));
        batch.clear();
    }
}

}  // namespace

TEST_CASE("a batch holds what was added, in order, up to batch_records") {
    fill_and_check<int>([](int i) { return i; });
    fill_and_check<bool>([](int i) { return i % 3 == 0; });
    fill_and_check<std::string>(
        [](int i) { return std::string(static_cast<std::size_t>(i), 'x'); });
    fill_and_check<std::pair<int, std::string>>(
        [](int i) { return std::pair(i, std::to_string(i)); });
}

TEST_CASE("records that only move, are aligned, or cannot be assigned have their place") {
    Batch<std::unique_ptr<int>> boxes;
    for (int round = 0; round < 2; ++round) {
        boxes.add(std::make_unique<int>(round));
        CHECK(*boxes.records()[0] == round);
        boxes.clear();
    }
    Batch<Aligned> aligned;
    aligned.add(Aligned{7});
    aligned.add(Aligned{8});
    CHECK(reinterpret_cast<std::uintptr_t>(&aligned.records()[1]) % 64 == 0);
    CHECK(aligned.records()[1].number == 8);
    Batch<View> views;
    for (int round = 0; round < 2; ++round) {
        views.add(View{"text", round});
        CHECK(views.records()[0].number == round);
        views.clear();
    }
}

TEST_CASE("simple records are those without memory of their own") {
    CHECK(Batch<int>::is_simple);
    CHECK(Batch<std::string_view>::is_simple);
    CHECK(Batch<View>::is_simple);
    CHECK_FALSE(Batch<std::string>::is_simple);
    CHECK_FALSE(Batch<std::unique_ptr<int>>::is_simple);
}

TEST_CASE("a loop may write simple records itself") {
    Batch<std::int64_t> batch;
    for (int i = 0; i < 10; ++i) batch.data()[i] = i * i;
    batch.set_size(10);
    CHECK(batch.size() == 10);
    CHECK(batch.records()[9] == 81);
}

TEST_CASE("the memory of a batch's records is used again") {
    Batch<std::string> batch;
    std::string const text(100, 'x');
    for (int round = 0; round < 3; ++round) {
        if (round == 1) test::reset_allocations();
        for (std::size_t i = 0; i < batch_records; ++i) batch.add(text);
        batch.clear();
    }
    CHECK(test::allocations.count == 0);
    // In part, too: a shorter batch leaves the records behind it alone.
    batch.add(text);
    CHECK(batch.size() == 1);
    CHECK(batch.records()[0] == text);
}
