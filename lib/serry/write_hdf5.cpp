#include "serry/write_hdf5.hpp"

#include <cstring>
#include <string_view>

#include <fmt/format.h>

#include "serry/base/error.hpp"

namespace serry::hdf5 {

void add_view(Session& session,
              std::string const& folder,
              Hdf5Storage const& storage,
              Hdf5Record const& record,
              std::vector<Hdf5PartRows> const& own) {
    std::string_view const bytes(reinterpret_cast<char const*>(own.data()),
                                 own.size() * sizeof(Hdf5PartRows));
    // Ranks have contiguous blocks of partitions: rank by rank is partition by partition.
    std::vector<std::string> const gathered = session.comm().gather(bytes, 0);
    session.on_rank_0([&] {
        std::vector<Hdf5PartRows> parts;
        for (std::string const& of_rank : gathered) {
            std::size_t const before = parts.size();
            parts.resize(before + of_rank.size() / sizeof(Hdf5PartRows));
            if (!of_rank.empty()) std::memcpy(&parts[before], of_rank.data(), of_rank.size());
        }
        write_hdf5_view(folder, storage, record, parts);
        return std::string();
    });
}

Hdf5Storage checked_storage(std::string const& dataset,
                            WriteHdf5Options const& options,
                            CallSite at) {
    auto const complain = [&](std::string const& what) {
        throw UsageError(fmt::format("write_hdf5 ({}): {}", to_string(at), what));
    };
    if (dataset.empty() || dataset.ends_with('/') || dataset.find('\0') != std::string::npos)
        complain(
            fmt::format("\"{}\" cannot be the name of a dataset, expected one like "
                        "\"/group/dataset\"",
                        dataset));
    if (options.deflate_level > 9)
        complain(
            fmt::format("the deflate_level is {}, expected 0 (none) to 9", options.deflate_level));
    constexpr std::uint64_t most_chunk_bytes = std::uint64_t{1} << 30;
    if (options.chunk_bytes == 0 || options.chunk_bytes > most_chunk_bytes)
        complain(fmt::format("chunk_bytes is {}, expected 1 to {}, 1 GiB", options.chunk_bytes,
                             most_chunk_bytes));
    return {.dataset = dataset,
            .deflate_level = options.deflate_level,
            .has_checksums = options.has_checksums,
            .chunk_bytes = options.chunk_bytes};
}

}  // namespace serry::hdf5
