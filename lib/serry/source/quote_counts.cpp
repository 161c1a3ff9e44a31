#include "serry/source/quote_counts.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

#include "serry/base/byte_scan.hpp"
#include "serry/source/pinned_file.hpp"

namespace serry {
namespace {

constexpr std::size_t masks_a_piece = 1024;
constexpr std::size_t counted_piece_bytes = 64 * masks_a_piece;

class QuoteCounter final : public PartitionReader {
public:
    QuoteCounter(Transformation const& source, Consumer<SplitQuotes>& next, char quote)
        : source_(source), next_(next), quote_(quote), piece_(counted_piece_bytes) {}

    void read(TaskContext& task) override {
        SplitList const& list = source_.splits();
        std::uint64_t const end = list.first_split(task.partition().index + 1);
        for (std::uint64_t i = list.first_split(task.partition().index); i < end; ++i) {
            bool const is_last =
                i + 1 == list.splits.size() || list.splits[i + 1].file != list.splits[i].file;
            if (is_last) continue;
            SplitQuotes const quotes{i, has_odd_quotes(task, list, list.splits[i])};
            ++task.records_in;
            next_.consume({&quotes, 1});
        }
        next_.finish();
    }

private:
    bool has_odd_quotes(TaskContext& task, SplitList const& list, Split const& split) {
        PinnedFile file(list.files[split.file]);
        task.position = {&file.expected().path, split.begin, split.end};
        std::uint64_t count = 0;
        for (std::uint64_t at = split.begin; at < split.end; at += counted_piece_bytes) {
            task.poll();
            auto const byte_count = static_cast<std::size_t>(
                std::min<std::uint64_t>(counted_piece_bytes, split.end - at));
            std::fill(piece_.begin(), piece_.end(), static_cast<char>(~quote_));
            file.read(at, piece_.data(), byte_count);
            mark_byte(piece_.data(), masks_.size(), quote_, masks_.data());
            for (std::uint64_t const mask : masks_)
                count += static_cast<std::uint64_t>(std::popcount(mask));
        }
        file.check();
        task.bytes_in += split.end - split.begin;
        return count % 2 != 0;
    }

    Transformation const& source_;
    Consumer<SplitQuotes>& next_;
    char quote_;
    std::vector<char> piece_;
    std::array<std::uint64_t, masks_a_piece> masks_{};
};

}  // namespace

QuoteCounts::QuoteCounts(Lineage& lineage,
                         CallSite at,
                         std::shared_ptr<TextSource> text,
                         char quote)
    : TypedTransformation(lineage,
                          {.name = "find_quotes",
                           .at = at,
                           .dependency = Dependency::none,
                           .parents = {},
                           .argument_fingerprint = text->fingerprint(),
                           .partition_count = text->asked_partition_count()}),
      text_(std::move(text)),
      quote_(quote) {}

void QuoteCounts::attach(Pipeline& pipeline, Consumer<SplitQuotes>& next) {
    pipeline.add_head<QuoteCounter>(static_cast<Transformation const&>(*this), next, quote_);
}

std::vector<bool> begins_quoted(SplitList const& list, std::span<SplitQuotes const> counts) {
    std::vector<bool> is_odd(list.splits.size());
    for (SplitQuotes const& count : counts) is_odd[count.split] = count.is_odd;
    std::vector<bool> result(list.splits.size());
    for (std::size_t i = 1; i < list.splits.size(); ++i)
        result[i] =
            list.splits[i].file == list.splits[i - 1].file && result[i - 1] != is_odd[i - 1];
    return result;
}

}  // namespace serry
