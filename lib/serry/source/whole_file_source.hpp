#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "serry/base/key_value.hpp"
#include "serry/stage/typed_transformation.hpp"

namespace serry {

/// A file's path and its bytes.
using WholeFile = KeyValue<std::string_view, std::string_view>;

/// read_whole_files(): one record a file, valid as long as its batch of one. A split is a run of
/// files: begin and end are indices into the list's files.
class WholeFileSource final : public TypedTransformation<WholeFile> {
public:
    WholeFileSource(Lineage& lineage,
                    std::vector<std::string> patterns,
                    CallSite at,
                    std::uint64_t partition_count);

    /// The largest file that this rank can hold; a larger one is a StorageError with
    /// ExitCode::does_not_fit.
    void set_file_limit_bytes(std::uint64_t byte_count) { file_limit_bytes_ = byte_count; }
    std::uint64_t file_limit_bytes() const { return file_limit_bytes_; }

    SplitList list_splits(SplitRequest const& request) const override;
    void attach(Pipeline& pipeline, Consumer<WholeFile>& next) override;

private:
    std::vector<std::string> patterns_;
    std::uint64_t file_limit_bytes_ = std::numeric_limits<std::uint64_t>::max();
};

/// Deal files to `partition_count` partitions in order, about as many bytes to each; 0: by
/// default_partition_count(), but no more than files.
std::vector<Split> deal_files(std::vector<InputFile> const& files, std::uint64_t partition_count);

}  // namespace serry
