#include "serry/results.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "serry/base/key_value.hpp"

using namespace serry;

namespace {

template <typename T>
Results<T> results_of(std::vector<T> const& records) {
    ByteWriter encoded;
    for (T const& record : records) encode(record, encoded);
    auto const bytes = std::make_shared<std::string const>(encoded.view());
    return {bytes, *bytes, records.size()};
}

}  // namespace

TEST_CASE("results are the records, in their order, any number of times") {
    std::vector<std::int64_t> const numbers{5, -1, 300, 0};
    Results<std::int64_t> const results = results_of(numbers);
    CHECK(results.size() == 4);
    CHECK_FALSE(results.empty());
    for (int round = 0; round < 2; ++round) {
        std::vector<std::int64_t> seen;
        for (std::int64_t number : results) seen.push_back(number);
        CHECK(seen == numbers);
    }
    CHECK(results.to_vector() == numbers);
    CHECK(std::count(results.begin(), results.end(), 300) == 1);
}

TEST_CASE("no results are empty") {
    for (Results<std::string> const& results :
         {Results<std::string>(), results_of<std::string>({})}) {
        CHECK(results.size() == 0);
        CHECK(results.empty());
        CHECK(results.begin() == results.end());
        CHECK(results.to_vector().empty());
    }
}

TEST_CASE("records without bytes are counted all the same") {
    CHECK(results_of<std::string>({"", "", ""}).to_vector()
          == std::vector<std::string>{"", "", ""});
}

TEST_CASE("views in results live as long as a copy of these does") {
    using Word = KeyValue<std::string_view, std::int64_t>;
    std::unique_ptr<Results<Word> const> first = std::make_unique<Results<Word>>(
        results_of<Word>({{"a word of more than sixteen bytes", 1}, {"b", 2}}));
    Results<Word> const copy = *first;
    std::vector<Word> const words = first->to_vector();
    first.reset();
    CHECK(words[0].key == "a word of more than sixteen bytes");
    CHECK(copy.begin()->key == "a word of more than sixteen bytes");
    CHECK(words[0].key.data() == copy.begin()->key.data());
    CHECK((*++copy.begin()).key == "b");
}

TEST_CASE("results of records hold copies of what these view") {
    std::string text = "some text";
    auto const results = results_of(std::vector<std::string_view>{text, ""});
    text.assign(text.size(), '#');
    CHECK(results.to_vector() == std::vector<std::string_view>{"some text", ""});
    CHECK(results_of(std::vector<int>{}).empty());
}
