#include "serry/checkpoint/manifest.hpp"

#include <numeric>

#include <fmt/format.h>

#include "serry/checkpoint/durable_file.hpp"

namespace serry {
namespace {

constexpr std::uint64_t manifest_format = 1;

std::string in_words(std::vector<std::uint64_t> const& numbers) {
    return fmt::format("{}", fmt::join(numbers, " "));
}

bool take_packs(NamedLines& lines, Manifest& manifest) {
    while (lines.is_next("pack")) {
        std::string const line = *lines.take("pack");
        std::size_t const last = line.rfind(' ');
        if (last == std::string::npos) return false;
        auto const numbers = numbers_in(line.substr(0, last));
        auto const hash = numbers_in(line.substr(last + 1), 16);
        if (numbers.size() != 2 || hash.size() != 1) return false;
        manifest.packs.push_back({numbers[0], numbers[1], hash[0]});
    }
    return true;
}

bool take_partitions(NamedLines& lines, Manifest& manifest) {
    while (lines.is_next("partition")) {
        auto const numbers = numbers_in(*lines.take("partition"));
        if (numbers.size() != 4 || numbers[0] >= manifest.packs.size()) return false;
        manifest.partitions.push_back({numbers[0], numbers[1], numbers[2], numbers[3]});
    }
    return true;
}

}  // namespace

std::uint64_t Manifest::file_bytes() const {
    std::uint64_t sum = 0;
    for (ManifestPack const& pack : packs) sum += pack.file_bytes;
    return sum;
}

std::uint64_t Manifest::record_count() const {
    std::uint64_t sum = 0;
    for (ManifestPartition const& partition : partitions) sum += partition.record_count;
    return sum;
}

PackId Manifest::pack_id(std::uint64_t pack) const {
    return {job, number, attempt, packs.at(pack).rank};
}

std::string to_text(Manifest const& manifest) {
    std::string text = fmt::format(
        "serry_checkpoint {}\nnumber {}\njob {}\nattempt {}\nstage {}\nstep_id {}\nstep {}\n"
        "fingerprint {:016x}\ninput {}\nin_place {}\nplacement {}\n",
        manifest_format, manifest.number, manifest.job, manifest.attempt, manifest.stage,
        manifest.step_id, manifest.step, manifest.fingerprint, manifest.input,
        in_words(manifest.in_place), in_words(manifest.placement));
    auto const out = std::back_inserter(text);
    for (ManifestPack const& pack : manifest.packs)
        fmt::format_to(out, "pack {} {} {:016x}\n", pack.rank, pack.file_bytes, pack.checksum);
    for (ManifestPartition const& partition : manifest.partitions)
        fmt::format_to(out, "partition {} {} {} {}\n", partition.pack, partition.position,
                       partition.record_count, partition.plain_bytes);
    return with_checksum(text);
}

std::optional<Manifest> manifest_from_text(std::string_view text) {
    auto const checked = without_checksum(text);
    if (!checked) return std::nullopt;
    NamedLines lines(*checked);
    if (lines.take_number("serry_checkpoint") != manifest_format) return std::nullopt;
    Manifest manifest;
    auto const number = lines.take_number("number");
    auto const job = lines.take("job");
    auto const attempt = lines.take_number("attempt");
    auto const stage = lines.take_number("stage");
    auto const step_id = lines.take_number("step_id");
    auto const step = lines.take("step");
    auto const fingerprint = lines.take("fingerprint");
    auto const input = lines.take_number("input");
    auto const in_place = lines.take("in_place");
    auto const placement = lines.take("placement");
    if (!number || !job || !attempt || !stage || !step_id || !step || !fingerprint || !input
        || !in_place || !placement)
        return std::nullopt;
    auto const hash = numbers_in(*fingerprint, 16);
    if (hash.size() != 1) return std::nullopt;
    manifest = {.number = *number,
                .job = *job,
                .attempt = *attempt,
                .stage = *stage,
                .step_id = *step_id,
                .step = *step,
                .fingerprint = hash[0],
                .input = *input,
                .in_place = numbers_in(*in_place),
                .placement = numbers_in(*placement),
                .packs = {},
                .partitions = {}};
    if (!take_packs(lines, manifest) || !take_partitions(lines, manifest) || !lines.is_at_end())
        return std::nullopt;
    std::uint64_t const expected =
        std::accumulate(manifest.placement.begin(), manifest.placement.end(), std::uint64_t{0});
    if (manifest.partitions.size() != expected) return std::nullopt;
    return manifest;
}

}  // namespace serry
