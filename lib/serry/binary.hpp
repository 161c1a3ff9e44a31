#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "serry/context.hpp"
#include "serry/dataset.hpp"
#include "serry/sink/binary_sink.hpp"
#include "serry/source/binary_source.hpp"

namespace serry {

struct ReadBinaryOptions {
    /// Bytes to skip at the beginning of each file.
    std::uint64_t header_bytes = 0;
    std::uint64_t partition_count = 0;
};

/// The records of files that hold nothing else (but a header): sizeof(T) bytes each, as they are in
/// memory, so on machines of the same byte order. read_binary<std::array<char, 100>>(context,
/// path). Paths as read_text takes them; nothing is decompressed.
///
/// Order: of the files, and within them. Moves: nothing. Memory: a buffer of 256 KiB a rank, which
/// the batches are views of. Partitions: about 32 MiB of input each, cut between records. Throws
/// (from the first action): InputError for what is missing, unreadable, no multiple of the record's
/// size, or changes while it is read.
template <PlainRecord T>
Dataset<T> read_binary(Context& context,
                       std::vector<std::string> paths,
                       ReadBinaryOptions const& options = {},
                       CallSite at = CallSite::here()) {
    Session& session = context.session();
    return {session,
            std::make_shared<BinarySource<T>>(session.lineage(), std::move(paths),
                                              options.header_bytes, at, options.partition_count)};
}
template <PlainRecord T>
Dataset<T> read_binary(Context& context,
                       std::string const& path,
                       ReadBinaryOptions const& options = {},
                       CallSite at = CallSite::here()) {
    return read_binary<T>(context, std::vector<std::string>{path}, options, at);
}

/// A folder with one file a partition (part-00000 and so on) that holds its records one after the
/// other as they are in memory, and a file _SUCCESS: what read_binary<T> reads. An action; the
/// folder appears at once when all is written, or not at all.
///
/// Order: the dataset's. Moves: nothing. Memory: a buffer of 1 MiB a rank. Throws: UsageError if
/// the folder exists, unless --overwrite was given; StorageError.
template <PlainRecord T>
void write_binary(Dataset<T> const& dataset,
                  std::string const& path,
                  CallSite at = CallSite::here()) {
    Session& session = dataset.session();
    ActionStep const action(session, dataset.step(), "write_binary", at);
    write_output(session, *dataset.step(), action, path, [&](std::string const& parts_path) {
        return BinarySink<T>(*dataset.step(), parts_path);
    });
}

}  // namespace serry
