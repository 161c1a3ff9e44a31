#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "serry/base/call_site.hpp"
#include "serry/source/line_reader.hpp"
#include "serry/stage/typed_transformation.hpp"

namespace serry {

/// The lines of text files, plain or compressed (.gz, .zst), in the order of the files. The views
/// are valid as long as the batch that holds them.
class TextSource final : public TypedTransformation<std::string_view> {
public:
    /// `patterns` are paths as list_files() takes them; `partition_count` 0 leaves it to the
    /// planner.
    TextSource(Lineage& lineage,
               std::vector<std::string> patterns,
               CallSite at,
               std::uint64_t partition_count,
               std::string name = "read_text");

    /// The longest line that this rank can hold. Lines of up to a MiB always fit; a longer one that
    /// does not is a StorageError with ExitCode::does_not_fit.
    void set_line_limit_bytes(std::uint64_t byte_count) { line_limit_bytes_ = byte_count; }
    std::uint64_t line_limit_bytes() const { return line_limit_bytes_; }

    /// Line ends inside of quotes are part of a line. `begins_quoted` tells of each split whether
    /// its first byte is inside, and has as many elements as there are splits, or none: then
    /// nothing begins inside.
    void set_quote(char quote, std::vector<bool> begins_quoted) {
        quote_ = quote;
        begins_quoted_ = std::move(begins_quoted);
    }
    char quote() const { return quote_; }
    bool begins_quoted(std::uint64_t split_index) const {
        return !begins_quoted_.empty() && begins_quoted_[split_index];
    }

    SplitList list_splits(SplitRequest const& request) const override;
    void attach(Pipeline& pipeline, Consumer<std::string_view>& next) override;
    /// The same, with someone who is told of the splits.
    void attach(Pipeline& pipeline, Consumer<std::string_view>& next, SplitListener& listener);

private:
    std::vector<std::string> patterns_;
    char quote_ = 0;
    std::vector<bool> begins_quoted_;
    std::uint64_t line_limit_bytes_ = std::numeric_limits<std::uint64_t>::max();
};

}  // namespace serry
