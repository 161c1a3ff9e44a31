#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "serry/source/text_source.hpp"
#include "serry/stage/typed_transformation.hpp"

namespace serry {

/// The quotes in a split of a text.
struct SplitQuotes {
    std::uint64_t split = 0;
    bool is_odd = false;
};

/// Counts the quotes of a text split by split, so that each task may know whether its first byte is
/// inside of quotes. Passes over splits behind which no other split of the same file comes: nobody
/// needs to know of those.
class QuoteCounts final : public TypedTransformation<SplitQuotes> {
public:
    /// Its splits are those of `text`, which is planned with it.
    QuoteCounts(Lineage& lineage, CallSite at, std::shared_ptr<TextSource> text, char quote);

    SplitList list_splits(SplitRequest const& request) const override {
        return text_->list_splits(request);
    }
    void attach(Pipeline& pipeline, Consumer<SplitQuotes>& next) override;

private:
    std::shared_ptr<TextSource> text_;
    char quote_;
};

/// Of each split of `list`, whether its first byte is inside of quotes, from what QuoteCounts
/// found.
std::vector<bool> begins_quoted(SplitList const& list, std::span<SplitQuotes const> counts);

}  // namespace serry
