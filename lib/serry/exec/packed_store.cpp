#include "serry/exec/packed_store.hpp"

#include <cerrno>
#include <cstdio>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "serry/base/crash_point.hpp"
#include "serry/base/error.hpp"
#include "serry/base/pulse.hpp"
#include "serry/checkpoint/durable_file.hpp"
#include "serry/sink/output_file.hpp"

namespace serry {
namespace {

void write_partitions(PartitionStore& store, PackWriter& writer) {
    for (PartitionRange const& range : store.ranges()) {
        for (std::uint64_t p = range.begin; p < range.end; ++p) {
            Run const& run = store.partition(p);
            writer.begin_partition(p);
            Run::Reader blocks(run);
            for (auto block = blocks.next_block(); !block.empty(); block = blocks.next_block()) {
                beat();
                writer.add_block(block);
            }
            writer.end_partition(run.record_count());
        }
    }
}

void read_partition(PackReader& reader, ManifestPartition const& place, Run& run) {
    std::uint64_t left = place.record_count;
    reader.read(place.position, [&](std::string_view block) {
        beat();
        run.append_block(block, std::exchange(left, 0));
        crash_point("restore-block");
    });
}

bool is_as_said(std::vector<PackedPartition> const& packed,
                std::uint64_t partition,
                ManifestPartition const& place) {
    if (place.position >= packed.size()) return false;
    PackedPartition const& seen = packed[place.position];
    return seen.partition == partition && seen.record_count == place.record_count
           && seen.plain_bytes == place.plain_bytes;
}

}  // namespace

PackSummary write_pack(CheckpointFolder const& folder,
                       PackId const& id,
                       PackCompression compression,
                       PartitionStore& store) {
    std::string const path = folder.pack_path(id);
    std::string const temporary = path + ".new";
    try {
        crash_point("pack-write");
        PackWriter writer(temporary, id, compression, store.byte_count());
        write_partitions(store, writer);
        crash_point("pack-sync");
        PackSummary summary = writer.close();
        crash_point("pack-rename");
        if (std::rename(temporary.c_str(), path.c_str()) != 0)
            throw_file_failure(path, "renaming the pack to it", errno, checkpoint_option);
        crash_point("pack-renamed");
        return summary;
    } catch (...) {
        std::remove(temporary.c_str());
        throw;
    }
}

void read_packs(CheckpointFolder const& folder, Manifest const& manifest, PartitionStore& store) {
    std::unique_ptr<PackReader> reader;
    std::uint64_t open_pack = 0;
    for (PartitionRange const& range : store.ranges()) {
        for (std::uint64_t p = range.begin; p < range.end; ++p) {
            ManifestPartition const& place = manifest.partitions.at(p);
            PackId const id = manifest.pack_id(place.pack);
            if (!reader || open_pack != place.pack)
                reader = std::make_unique<PackReader>(folder.pack_path(id), id,
                                                      manifest.packs[place.pack].checksum);
            open_pack = place.pack;
            if (!is_as_said(reader->partitions(), p, place))
                throw StorageError(fmt::format("{}: its partition {} is not the manifest's",
                                               folder.pack_path(id), p));
            read_partition(*reader, place, store.partition(p));
        }
    }
}

std::string to_bytes(PackSummary const& summary) {
    ByteWriter bytes;
    bytes.put(&summary.file_bytes, 8);
    bytes.put(&summary.checksum, 8);
    bytes.put(summary.partitions.data(), summary.partitions.size() * sizeof(PackedPartition));
    return std::string(bytes.view());
}

PackSummary pack_summary_from(std::string_view bytes) {
    PackSummary summary;
    ByteReader reader(bytes);
    reader.take_into(&summary.file_bytes, 8);
    reader.take_into(&summary.checksum, 8);
    summary.partitions.resize(reader.remaining() / sizeof(PackedPartition));
    reader.take_into(summary.partitions.data(), reader.remaining());
    return summary;
}

}  // namespace serry
