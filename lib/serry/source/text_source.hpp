#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "serry/base/call_site.hpp"
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
               std::uint64_t partition_count);

    /// The longest line that this rank can hold. Lines of up to a MiB always fit; a longer one that
    /// does not is a StorageError with ExitCode::does_not_fit.
    void set_line_limit_bytes(std::uint64_t byte_count) { line_limit_bytes_ = byte_count; }
    std::uint64_t line_limit_bytes() const { return line_limit_bytes_; }

    SplitList list_splits(SplitRequest const& request) const override;
    void attach(Pipeline& pipeline, Consumer<std::string_view>& next) override;

private:
    std::vector<std::string> patterns_;
    std::uint64_t line_limit_bytes_ = std::numeric_limits<std::uint64_t>::max();
};

}  // namespace serry
