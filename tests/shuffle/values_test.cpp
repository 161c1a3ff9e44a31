#include "serry/shuffle/values.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "support/temp_dir.hpp"

using namespace serry;
using namespace serry::test;

namespace {

/// A group of texts in a run of its own.
struct Stored {
    Stored(std::vector<std::string> const& texts, std::uint64_t limit, std::string const& scratch)
        : storage(limit, scratch), run(storage) {
        GroupWriter writer(run);
        ByteWriter value;
        for (std::string const& text : texts) {
            value.clear();
            encode(text, value);
            writer.add("key", value.view());
        }
        writer.end();
        run.close();
        cursor = std::make_unique<GroupCursor>(run);
    }
    template <typename V>
    Values<V> values() const {
        GroupChunk const& chunk = cursor->first_chunk();
        return {chunk.value_count, chunk.values, cursor->tail()};
    }

    Storage storage;
    Run run;
    std::unique_ptr<GroupCursor> cursor;
};

std::vector<std::string> texts_of(std::size_t count) {
    std::vector<std::string> texts;
    for (std::size_t i = 0; i < count; ++i)
        texts.push_back(std::string(i % 50, 'x') + std::to_string(i));
    return texts;
}

template <typename V>
std::vector<std::string> looked_at(Values<V> const& values) {
    std::vector<std::string> texts;
    for (V const& value : values) texts.emplace_back(value);
    return texts;
}

}  // namespace

TEST_CASE("values are looked at as often as one likes, however many there are") {
    TempDir const dir;
    for (std::size_t const count : {1, 100, 3000, 100'000}) {
        for (std::uint64_t const limit : {0, 100'000'000}) {
            auto const texts = texts_of(count);
            Stored const stored(texts, limit, dir.path());
            auto const owning = stored.values<std::string>();
            auto const views = stored.values<std::string_view>();
            CHECK_FALSE(owning.empty());
            CHECK(owning.size() == count);
            for (int again = 0; again < 2; ++again) {
                CHECK((looked_at(owning) == texts));
                CHECK((looked_at(views) == texts));
            }
            CHECK((owning.to_vector() == texts));
            Arena arena;
            auto const kept = views.to_vector(arena);
            CHECK((std::vector<std::string>(kept.begin(), kept.end()) == texts));
            CHECK((arena.allocated_bytes() > 0) == (count >= 3000));
        }
    }
}

TEST_CASE("values that are encoded, adopted or kept need nobody else any more") {
    TempDir const dir;
    for (std::size_t const count : {5, 50'000}) {
        auto const texts = texts_of(count);
        ByteWriter encoded;
        Values<std::string_view> adopted;
        Arena arena;
        std::string_view last;
        {
            Stored const stored(texts, 0, dir.path());
            auto const values = stored.values<std::string_view>();
            encode(values, encoded);
            adopted = values;
            adopt_views(adopted, arena);
            for (std::string_view const value : values) last = values.keep(value, arena);
            if (count == 5) last = arena.copy(last);
        }
        ByteReader reader(encoded.view());
        auto const decoded = decode<Values<std::string_view>>(reader);
        CHECK(reader.remaining() == 0);
        CHECK(decoded.size() == count);
        CHECK((looked_at(decoded) == texts));
        CHECK(adopted.size() == count);
        CHECK((looked_at(adopted) == texts));
        CHECK(last == texts.back());
    }
}

TEST_CASE("no values are empty") {
    Values<std::string> const none;
    CHECK(none.empty());
    CHECK(none.size() == 0);
    CHECK(none.to_vector().empty());
    CHECK(none.begin() == none.end());
}
