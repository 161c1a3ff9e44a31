#include "serry/exec/replay.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <sys/stat.h>

#include "serry/base/error.hpp"
#include "serry/plan/visit.hpp"
#include "serry/source/pinned_file.hpp"

namespace serry {
namespace {

std::string files_in_words(SplitList const& splits) {
    std::string lines;
    for (InputFile const& file : splits.files)
        lines += fmt::format("{} {} {}\n", file.size_bytes, file.modified_ns, file.path);
    return lines;
}

/// What is different about a file of which a line of files_in_words() speaks; empty if nothing is.
std::string change_of_file(std::string const& line) {
    std::size_t const first = line.find(' '), second = line.find(' ', first + 1);
    std::string const path = line.substr(second + 1);
    struct stat found {};
    if (stat(path.c_str(), &found) != 0) return path + " is gone";
    std::string const size = std::to_string(found.st_size);
    if (line.substr(0, first) != size)
        return fmt::format("{} had {} bytes and has {}", path, line.substr(0, first), size);
    if (line.substr(first + 1, second - first - 1) != std::to_string(modified_ns(found)))
        return path + " was written to";
    return "";
}

std::vector<std::string> lines_of(std::string const& text) {
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < text.size();) {
        std::size_t const end = text.find('\n', at);
        lines.push_back(text.substr(at, end - at));
        at = end == std::string::npos ? text.size() : end + 1;
    }
    return lines;
}

}  // namespace

Replay::Replay(std::string folder, std::string const& journal_path, std::string const& job_id)
    : folder_(std::move(folder)), journal_(journal_path, job_id) {
    for (JournalEntry const& entry : journal_.found()) {
        if (entry.kind == JournalEntry::Kind::result) results_[entry.number] = entry;
        if (entry.kind == JournalEntry::Kind::input) inputs_.push_back(entry);
        if (entry.kind == JournalEntry::Kind::accumulators) accumulators_.push_back(entry.bytes);
    }
    check_found_input();
}

std::vector<std::uint64_t> Replay::result_numbers() const {
    std::vector<std::uint64_t> numbers;
    numbers.reserve(results_.size());
    for (auto const& [number, entry] : results_) numbers.push_back(number);
    return numbers;
}

std::string Replay::take_result(std::uint64_t number,
                                std::uint64_t fingerprint,
                                std::string const& label) {
    JournalEntry& entry = results_.at(number);
    if (entry.fingerprint != fingerprint || entry.label != label)
        throw UsageError(
            fmt::format("{}: the job went another way before: it came to {}, and comes to {} "
                        "now; let it depend on nothing but its arguments and input, or start "
                        "over by --resume fresh",
                        folder_, entry.label,
                        entry.label == label ? "that with other steps before it" : label),
            ExitCode::divergence);
    return std::move(entry.bytes);
}

void Replay::record_result(std::uint64_t number,
                           std::uint64_t fingerprint,
                           std::string const& label,
                           std::string_view bytes) {
    journal_.append({JournalEntry::Kind::result, number, fingerprint, label, std::string(bytes)});
}

void Replay::record_accumulators(std::string_view bytes) {
    if (!bytes.empty())
        journal_.append({JournalEntry::Kind::accumulators, 0, 0, "", std::string(bytes)});
}

void Replay::check_input(Plan const& plan, Transformation& target) {
    for (Decision const& decision : plan.decisions) {
        if (decision.splits.files.empty()) continue;
        Transformation const& source = find_transformation(target, decision.transformation);
        std::string files = files_in_words(decision.splits);
        auto const earlier = std::find_if(
            inputs_.begin(), inputs_.end(),
            [&](JournalEntry const& entry) { return entry.fingerprint == source.fingerprint(); });
        if (earlier == inputs_.end()) {
            inputs_.push_back({JournalEntry::Kind::input, 0, source.fingerprint(), source.label(),
                               std::move(files)});
            journal_.append(inputs_.back());
        } else if (earlier->bytes != files) {
            throw UsageError(
                fmt::format("{}: the files that {} reads are others than when the job began; bring "
                            "them back, or start over by --resume fresh",
                            folder_, source.label()),
                ExitCode::divergence);
        }
    }
}

void Replay::check_found_input() const {
    for (JournalEntry const& entry : inputs_)
        for (std::string const& line : lines_of(entry.bytes))
            if (std::string const change = change_of_file(line); !change.empty())
                throw UsageError(
                    fmt::format("{}: the input of {} has changed since the job began: {}; bring it "
                                "back, or start over by --resume fresh",
                                folder_, entry.label, change),
                    ExitCode::divergence);
}

}  // namespace serry
