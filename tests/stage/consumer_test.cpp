#include "serry/stage/consumer.hpp"

#include <memory>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

using serry::Consumer;

namespace {

struct Totals final : Consumer<int> {
    explicit Totals(std::vector<std::string>& told_) : told(told_) {}
    ~Totals() override { told.push_back("gone"); }
    void consume(std::span<int const> batch) override {
        sum = std::accumulate(batch.begin(), batch.end(), sum);
    }
    void finish() override { told.push_back(std::to_string(sum)); }

    std::vector<std::string>& told;
    int sum = 0;
};

}  // namespace

TEST_CASE(
    "a consumer is given batches, then the end, and can be destroyed as what it is to others") {
    std::vector<std::string> told;
    {
        std::unique_ptr<Consumer<int>> const consumer = std::make_unique<Totals>(told);
        std::vector<int> const records{1, 2, 3, 4};
        consumer->consume({records.data(), 3});
        consumer->consume({records.data() + 3, 1});
        consumer->consume({});
        CHECK(told.empty());
        consumer->finish();
    }
    CHECK(told == std::vector<std::string>{"10", "gone"});
}

TEST_CASE("a batch of ordinary records fits the first-level cache, and is worth a virtual call") {
    CHECK(serry::batch_records >= 256);
    CHECK(serry::batch_records * sizeof(std::string_view) <= 16384);
}
