#include "serry/shuffle/joins.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "stage/pipelines.hpp"

using namespace serry;
using namespace serry::test;

namespace {

using Text = std::string_view;

/// What `merge` makes of a key's values on both sides, as "key:left,right".
template <typename Out, typename Merge>
std::vector<std::string> merged(Merge const& merge,
                                std::vector<std::string> const& left,
                                std::vector<std::string> const& right,
                                std::size_t enough_at = ~std::size_t{0}) {
    struct Written final : Consumer<Out> {
        void consume(std::span<Out const> batch) override {
            for (Out const& record : batch) {
                std::string text = std::string(record.key) + ':';
                if constexpr (std::is_same_v<value_of<Out>, Text>)
                    text += record.value;
                else
                    text += shown(record.value.left) + ',' + shown(record.value.right);
                records.push_back(text);
            }
            if (records.size() >= enough_at) task->enough = true;
        }
        void finish() override {}
        static std::string shown(std::optional<Text> const& text) {
            return text ? std::string(*text) : "-";
        }
        std::vector<std::string> records;
        std::size_t enough_at = 0;
        TaskContext* task = nullptr;
    } written;
    TestPoller poller;
    TaskContext task({0, 1}, poller);
    written.task = &task;
    written.enough_at = enough_at;
    MergeOutput<Out> output(written);
    output.begin(task);
    ByteWriter left_bytes, right_bytes;
    for (auto const& text : left) encode(text, left_bytes);
    for (auto const& text : right) encode(text, right_bytes);
    merge(Text("k"), Values<Text>(left.size(), left_bytes.view()),
          Values<Text>(right.size(), right_bytes.view()), output);
    output.finish();
    return written.records;
}

template <typename L, typename R>
using Pair = KeyValue<Text, Joined<L, R>>;
using Maybe = std::optional<Text>;
using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("a join is every pair of values, by the left and then the right one's order") {
    Texts const pairs{"k:a,x", "k:a,y", "k:b,x", "k:b,y"};
    CHECK(merged<Pair<Text, Text>>(JoinValues<false, false>(), {"a", "b"}, {"x", "y"}) == pairs);
    CHECK(merged<Pair<Text, Maybe>>(JoinValues<true, false>(), {"a", "b"}, {"x", "y"}) == pairs);
    CHECK(merged<Pair<Maybe, Text>>(JoinValues<false, true>(), {"a", "b"}, {"x", "y"}) == pairs);
    CHECK(merged<Pair<Maybe, Maybe>>(JoinValues<true, true>(), {"a", "b"}, {"x", "y"}) == pairs);
}

TEST_CASE("what has no partner is kept where it should be") {
    Texts const left{"k:a,-", "k:b,-"}, right{"k:-,x", "k:-,y"};
    CHECK(merged<Pair<Text, Text>>(JoinValues<false, false>(), {"a", "b"}, {}).empty());
    CHECK(merged<Pair<Text, Text>>(JoinValues<false, false>(), {}, {"x", "y"}).empty());
    CHECK(merged<Pair<Text, Maybe>>(JoinValues<true, false>(), {"a", "b"}, {}) == left);
    CHECK(merged<Pair<Text, Maybe>>(JoinValues<true, false>(), {}, {"x", "y"}).empty());
    CHECK(merged<Pair<Maybe, Text>>(JoinValues<false, true>(), {"a", "b"}, {}).empty());
    CHECK(merged<Pair<Maybe, Text>>(JoinValues<false, true>(), {}, {"x", "y"}) == right);
    CHECK(merged<Pair<Maybe, Maybe>>(JoinValues<true, true>(), {"a", "b"}, {}) == left);
    CHECK(merged<Pair<Maybe, Maybe>>(JoinValues<true, true>(), {}, {"x", "y"}) == right);
}

TEST_CASE("the left is kept if the right has the key, or if it has not") {
    using Out = KeyValue<Text, Text>;
    CHECK(merged<Out>(KeepLeftIfRight<true>(), {"a", "b"}, {"x"}) == Texts{"k:a", "k:b"});
    CHECK(merged<Out>(KeepLeftIfRight<true>(), {"a", "b"}, {}).empty());
    CHECK(merged<Out>(KeepLeftIfRight<false>(), {"a", "b"}, {"x"}).empty());
    CHECK(merged<Out>(KeepLeftIfRight<false>(), {"a", "b"}, {}) == Texts{"k:a", "k:b"});
    CHECK(merged<Out>(KeepLeftIfRight<true>(), {}, {"x"}).empty());
}

TEST_CASE("when enough was taken no more pairs are made") {
    Texts const many(3000, "v");
    auto const pairs = merged<Pair<Text, Text>>(JoinValues<false, false>(), many, many, 1000);
    CHECK(pairs.size() >= 1000);
    CHECK(pairs.size() <= 3 * batch_records);
}
