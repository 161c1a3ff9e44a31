#include "serry/source/whole_file_source.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "serry/base/error.hpp"
#include "serry/base/hash.hpp"
#include "serry/base/units.hpp"
#include "serry/source/file_listing.hpp"
#include "serry/source/pinned_file.hpp"
#include "serry/source/read_buffer.hpp"

namespace serry {
namespace {

constexpr std::size_t file_piece_bytes = std::size_t{1} << 20;
/// A buffer that grew beyond this for a large file is given back with the next small one.
constexpr std::size_t usual_file_bytes = 4 * file_piece_bytes;

class WholeFileReader final : public PartitionReader {
public:
    WholeFileReader(WholeFileSource const& source, Consumer<WholeFile>& next)
        : source_(source), next_(next) {}

    void read(TaskContext& task) override {
        SplitList const& list = source_.splits();
        Split const& split = list.splits[task.partition().index];
        for (std::uint64_t i = split.begin; i < split.end && !task.enough; ++i)
            push(list.files[i], task);
        next_.finish();
    }

private:
    void push(InputFile const& expected, TaskContext& task) {
        task.position = {&expected.path, 0, expected.size_bytes};
        std::string_view const content = read_file(expected, task);
        task.bytes_in += content.size();
        if (task.enough) return;
        task.records_in += 1;
        WholeFile const record(expected.path, content);
        next_.consume({&record, 1});
    }

    std::string_view read_file(InputFile const& expected, TaskContext& task) {
        if (expected.size_bytes > source_.file_limit_bytes()) throw_too_large(expected);
        PinnedFile file(expected);
        buffer_.clear();
        auto const byte_count = static_cast<std::size_t>(expected.size_bytes);
        if (buffer_.capacity() > usual_file_bytes && byte_count <= usual_file_bytes)
            buffer_.release();
        for (std::size_t at = 0; at < byte_count && !task.enough;) {
            task.poll();
            std::size_t const piece = std::min(file_piece_bytes, byte_count - at);
            char* const to = buffer_.reserve(at == 0 ? byte_count : piece, at);
            file.read(at, to, piece);
            buffer_.used(piece);
            at += piece;
        }
        file.check();
        if (buffer_.empty()) return {};
        return {buffer_.begin(), buffer_.size()};
    }

    [[noreturn]] void throw_too_large(InputFile const& file) const {
        throw StorageError(
            fmt::format("{}: has {}, and read_whole_files holds a file whole, in at most {} on "
                        "this rank; raise --memory (SERRY_MEMORY), run fewer ranks on a node, or "
                        "read the file in pieces (read_text, read_binary)",
                        file.path, format_bytes(file.size_bytes),
                        format_bytes(source_.file_limit_bytes())),
            ExitCode::does_not_fit);
    }

    WholeFileSource const& source_;
    Consumer<WholeFile>& next_;
    ReadBuffer buffer_;
};

}  // namespace

WholeFileSource::WholeFileSource(Lineage& lineage,
                                 std::vector<std::string> patterns,
                                 CallSite at,
                                 std::uint64_t partition_count)
    : TypedTransformation(lineage,
                          {.name = "read_whole_files",
                           .at = at,
                           .dependency = Dependency::none,
                           .parents = {},
                           .argument_fingerprint = fingerprint_of(patterns),
                           .partition_count = partition_count}),
      patterns_(std::move(patterns)) {}

SplitList WholeFileSource::list_splits(SplitRequest const& request) const {
    if (patterns_.empty()) throw UsageError(label() + ": no path was given; expected one or more");
    SplitList list{.files = list_files(patterns_), .splits = {}};
    list.splits = deal_files(list.files, request.partition_count);
    return list;
}

void WholeFileSource::attach(Pipeline& pipeline, Consumer<WholeFile>& next) {
    pipeline.add_head<WholeFileReader>(std::as_const(*this), next);
}

std::vector<Split> deal_files(std::vector<InputFile> const& files, std::uint64_t partition_count) {
    // Opening a file takes about as long as reading so many bytes.
    constexpr std::uint64_t bytes_to_open = 4096;
    std::uint64_t total = 0;
    for (InputFile const& file : files) total += file.size_bytes + bytes_to_open;
    std::uint64_t const count =
        partition_count ? partition_count
                        : std::min<std::uint64_t>(default_partition_count(total), files.size());
    // A file is in the partition in which its middle lies.
    __extension__ using Wide = unsigned __int128;
    std::vector<Split> splits(count);
    std::uint64_t before = 0;
    std::uint64_t next = 0;
    for (std::uint64_t p = 0; p < count; ++p) {
        splits[p].begin = next;
        for (; next < files.size(); ++next) {
            std::uint64_t const bytes = files[next].size_bytes + bytes_to_open;
            std::uint64_t const middle = before + bytes / 2;
            if (p + 1 < count && Wide{middle} * count >= Wide{total} * (p + 1)) break;
            before += bytes;
        }
        splits[p].end = next;
    }
    return splits;
}

}  // namespace serry
