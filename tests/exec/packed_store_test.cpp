#include "serry/exec/packed_store.hpp"

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "faults/fault.hpp"
#include "sink/thrown.hpp"
#include "support/temp_dir.hpp"

using namespace serry;
using namespace serry::test;

namespace {

PackId const id{"job", 4, 2, 0};

/// Partitions 2 to 4 of five, as a rank has them: some records, none, many.
void fill(PartitionStore& store) {
    store.partition(2).append_unframed("a record");
    for (int i = 0; i < 50'000; ++i) store.partition(4).append_unframed(std::to_string(i));
    for (Run& run : store.runs()) run.close();
}

std::string content(PartitionStore& store, std::uint64_t partition) {
    std::string bytes;
    Run::Reader blocks(store.partition(partition));
    for (auto block = blocks.next_block(); !block.empty(); block = blocks.next_block())
        bytes += block;
    return bytes;
}

Manifest manifest_of(PackSummary const& summary) {
    Manifest manifest;
    manifest.number = id.checkpoint;
    manifest.job = id.job;
    manifest.attempt = id.attempt;
    manifest.packs = {{id.rank, summary.file_bytes, summary.checksum}};
    manifest.partitions.resize(5);
    for (std::size_t i = 0; i < summary.partitions.size(); ++i) {
        PackedPartition const& packed = summary.partitions[i];
        manifest.partitions[packed.partition] = {0, i, packed.record_count, packed.plain_bytes};
    }
    return manifest;
}

struct Written {
    TempDir dir;
    CheckpointFolder folder{dir / "c"};
    PartitionStore store{{{2, 5}}, 1 << 20, "/tmp"};
    PackSummary summary;

    Written() {
        fill(store);
        std::filesystem::create_directories(folder.packs_path(id.checkpoint, id.attempt));
        summary = write_pack(folder, id, PackCompression::lz4, store);
    }
};

}  // namespace

TEST_CASE("partitions come back to whoever has them now") {
    Written written;
    CHECK(names_in(written.folder.packs_path(4, 2)) == std::vector<std::string>{"rank-000000.h5"});
    Manifest const manifest = manifest_of(written.summary);
    PartitionStore some({{3, 5}}, 1 << 20, "/tmp"), other({{2, 3}}, 0, "/tmp");
    read_packs(written.folder, manifest, some);
    read_packs(written.folder, manifest, other);
    CHECK((content(some, 4) == content(written.store, 4)));
    CHECK(some.partition(4).record_count() == 50'000);
    CHECK(content(some, 3).empty());
    CHECK((content(other, 2) == content(written.store, 2)));
    CHECK(some.byte_count() + other.byte_count() == written.store.byte_count());
}

TEST_CASE("a summary survives its way to rank 0") {
    Written const written;
    PackSummary const copy = pack_summary_from(to_bytes(written.summary));
    CHECK(copy.file_bytes == written.summary.file_bytes);
    CHECK(copy.checksum == written.summary.checksum);
    CHECK(copy.partitions == written.summary.partitions);
}

TEST_CASE("a manifest that says otherwise is an error") {
    Written written;
    Manifest manifest = manifest_of(written.summary);
    std::string const pack = written.folder.pack_path(id);
    auto const read = [&] {
        PartitionStore store({{4, 5}}, 1 << 20, "/tmp");
        read_packs(written.folder, manifest, store);
    };
    std::string const expected =
        "StorageError 74: " + pack + ": its partition 4 is not the manifest's";
    ++manifest.partitions[4].record_count;
    CHECK(thrown(read) == expected);
    manifest = manifest_of(written.summary);
    manifest.partitions[4].position = 0;
    CHECK(thrown(read) == expected);
    manifest.partitions[4].position = 99;
    CHECK(thrown(read) == expected);
    manifest = manifest_of(written.summary);
    std::filesystem::remove(pack);
    CHECK(thrown(read) == "StorageError 74: " + pack + ": No such file or directory");
}

TEST_CASE("a pack that cannot be written leaves nothing") {
    Written written;
    std::filesystem::remove_all(written.folder.packs_path(id.checkpoint, id.attempt));
    CHECK(thrown([&] { write_pack(written.folder, id, PackCompression::none, written.store); })
          == "StorageError 74: " + written.folder.pack_path(id)
                 + ".new: making the file failed: No such file or directory; the folder of "
                   "--checkpoint must be on a file system that all nodes share");
}
