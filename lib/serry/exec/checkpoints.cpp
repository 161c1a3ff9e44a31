#include "serry/exec/checkpoints.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "serry/base/clock.hpp"
#include "serry/base/crash_point.hpp"
#include "serry/base/error.hpp"
#include "serry/base/hash.hpp"
#include "serry/base/pulse.hpp"
#include "serry/checkpoint/durable_file.hpp"
#include "serry/exec/rank_0.hpp"
#include "serry/plan/visit.hpp"
#include "serry/sink/output_file.hpp"

namespace serry {
namespace {

/// Besides what is needed: should the newest turn out to be damaged.
constexpr std::size_t most_obsolete = 1;

PackCompression compression_from(std::string const& word) {
    for (PackCompression const one : {PackCompression::lz4, PackCompression::zstd})
        if (word == compression_name(one)) return one;
    return PackCompression::none;
}

std::string files_in_words(SplitList const& splits) {
    std::string lines;
    for (InputFile const& file : splits.files)
        lines += fmt::format("{} {} {}\n", file.size_bytes, file.modified_ns, file.path);
    return lines;
}

std::int64_t modified_ns(struct stat const& found) {
    return found.st_mtim.tv_sec * std::int64_t{1'000'000'000} + found.st_mtim.tv_nsec;
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

std::uint64_t byte_count_of(PartitionStore& store) {
    std::uint64_t sum = 0;
    for (Run const& run : store.runs()) sum += run.byte_count();
    return sum;
}

/// A rank's PackSummary, or why there is none, as bytes.
std::string encoded(PackSummary const& summary) {
    ByteWriter bytes;
    bytes.put("+");
    bytes.put(&summary.file_bytes, 8);
    bytes.put(&summary.checksum, 8);
    bytes.put(summary.partitions.data(), summary.partitions.size() * sizeof(PackedPartition));
    return std::string(bytes.view());
}
PackSummary decoded_summary(std::string_view bytes) {
    PackSummary summary;
    ByteReader reader(bytes.substr(1));
    reader.take_into(&summary.file_bytes, 8);
    reader.take_into(&summary.checksum, 8);
    summary.partitions.resize(reader.remaining() / sizeof(PackedPartition));
    reader.take_into(summary.partitions.data(), reader.remaining());
    return summary;
}

/// How restoring ended on this rank: nothing, or why it failed.
std::string failure_of(std::function<void()> const& f) {
    try {
        f();
        return "";
    } catch (CommError const&) {
        throw;
    } catch (...) {
        return describe_current_exception();
    }
}

}  // namespace

Checkpoints::Checkpoints(comm::Communicator const& comm,
                         Options const& options,
                         JobIdentity const& identity,
                         std::string const& fresh_job_id,
                         bool is_node_leader)
    : comm_(comm),
      folder_(options.checkpoint),
      resume_(options.is_restarted && options.resume == "fresh" ? "auto" : options.resume),
      is_quiet_(options.quiet),
      compression_(compression_from(options.checkpoint_compression)),
      policy_(options.checkpoint_every, options.mtbf_seconds, now_seconds()) {
    std::string const started = on_rank_0(comm_, [&] {
        lock_ = folder_.open();
        start(identity, fresh_job_id);
        load_found();
        std::string numbers = fmt::format("{} {} {}", attempt_, next_number_, found_.size());
        for (auto const& [number, entry] : results_) numbers += fmt::format(" {}", number);
        return job_id_ + ' ' + numbers;
    });
    std::size_t const space = started.find(' ');
    job_id_ = started.substr(0, space);
    auto const numbers = numbers_in(std::string_view(started).substr(space + 1));
    attempt_ = numbers.at(0);
    next_number_ = numbers.at(1);
    found_count_ = numbers.at(2);
    result_numbers_.insert(numbers.begin() + 3, numbers.end());
    check_same_folder(is_node_leader);
}

/// Decide whose the folder is from here on.
void Checkpoints::start(JobIdentity const& identity, std::string const& fresh_job_id) {
    std::optional<JobFile> earlier = folder_.job();
    if (earlier && resume_ == "fresh") earlier.reset();
    if (earlier && earlier->identity != identity) {
        std::uint64_t end = 0;
        bool const has_results =
            read_journal(read_whole(folder_.journal_path()).value_or(""), end).size() > 1;
        if (has_results || !folder_.checkpoints().empty())
            throw UsageError(
                fmt::format(
                    "{}: holds checkpoints of another job: {}; choose another --checkpoint, "
                    "or give them up by --resume fresh",
                    folder_.path(), differences(earlier->identity, identity)),
                ExitCode::divergence);
        earlier.reset();
    }
    if (!earlier && resume_ == "require")
        throw UsageError(
            fmt::format(
                "{}: holds nothing to go on from, as --resume require expects; look for the "
                "right --checkpoint, or leave --resume out",
                folder_.path()),
            ExitCode::divergence);
    if (!earlier) folder_.clear();
    job_id_ = earlier ? earlier->id : fresh_job_id;
    attempt_ = earlier ? earlier->attempt + 1 : 1;
    folder_.write_job({job_id_, attempt_, identity});
    folder_.sweep();
}

void Checkpoints::load_found() {
    journal_ = std::make_unique<Journal>(folder_.journal_path(), job_id_);
    for (JournalEntry const& entry : journal_->found()) {
        if (entry.kind == JournalEntry::Kind::result) results_[entry.number] = entry;
        if (entry.kind == JournalEntry::Kind::input) found_inputs_.push_back(entry);
        if (entry.kind == JournalEntry::Kind::accumulators)
            found_accumulators_.push_back(entry.bytes);
    }
    for (CheckpointFolder::Found& found : folder_.checkpoints()) {
        next_number_ = std::max(next_number_, found.number + 1);
        if (found.manifest && found.manifest->job == job_id_) {
            found_.insert(found.number);
            manifests_.push_back(std::move(*found.manifest));
        } else {
            give_up_on(found.number, found.manifest ? "is another job's" : "is damaged");
        }
    }
    check_found_input();
}

void Checkpoints::check_found_input() const {
    for (JournalEntry const& entry : found_inputs_)
        for (std::string const& line : lines_of(entry.bytes))
            if (std::string const change = change_of_file(line); !change.empty())
                throw UsageError(
                    fmt::format("{}: the input of {} has changed since the job began: {}; bring it "
                                "back, or start over by --resume fresh",
                                folder_.path(), entry.label, change),
                    ExitCode::divergence);
}

/// Only rank 0 wrote to it; what another node sees must be that. Collective.
void Checkpoints::check_same_folder(bool is_node_leader) const {
    bool is_same = true;
    if (is_node_leader) {
        // A network file system may show a new file late.
        constexpr double patience_seconds = 10;
        double const start = now_seconds();
        for (;;) {
            std::optional<JobFile> seen;
            failure_of([&] { seen = folder_.job(); });
            is_same = seen && seen->id == job_id_ && seen->attempt == attempt_;
            if (is_same || now_seconds() - start > patience_seconds) break;
            usleep(20'000);
        }
    }
    auto const nobody = static_cast<std::uint64_t>(comm_.rank_count());
    std::uint64_t const other =
        comm_.all_reduce_min(is_same ? nobody : static_cast<std::uint64_t>(comm_.rank()));
    if (other == nobody) return;
    std::string const where = comm_.broadcast(comm::local_node_name(), static_cast<int>(other));
    throw UsageError(
        fmt::format("{}: rank {} ({}) does not see what rank 0 wrote there; --checkpoint must be a "
                    "folder on a file system that all nodes share",
                    folder_.path(), other, where));
}

std::string Checkpoints::resumption() const {
    if (attempt_ == 1) return "";
    return fmt::format("attempt {}, going on with {} results and {} checkpoints of {}", attempt_,
                       result_numbers_.size(), found_count_, folder_.path());
}

std::optional<std::string> Checkpoints::result(std::uint64_t number,
                                               std::uint64_t fingerprint,
                                               std::string const& label) {
    if (!result_numbers_.contains(number)) return std::nullopt;
    std::string bytes = on_rank_0(comm_, [&] {
        JournalEntry const& entry = results_.at(number);
        if (entry.fingerprint != fingerprint || entry.label != label)
            throw UsageError(
                fmt::format("{}: the job went another way before: it came to {}, and comes to {} "
                            "now; let it depend on nothing but its arguments and input, or start "
                            "over by --resume fresh",
                            folder_.path(), entry.label,
                            entry.label == label ? "that with other steps before it" : label),
                ExitCode::divergence);
        return std::move(results_.at(number).bytes);
    });
    ++totals_.replayed_results;
    return bytes;
}

void Checkpoints::record_result(std::uint64_t number,
                                std::uint64_t fingerprint,
                                std::string const& label,
                                std::string_view bytes) {
    on_rank_0(comm_, [&] {
        journal_->append(
            {JournalEntry::Kind::result, number, fingerprint, label, std::string(bytes)});
        return std::string();
    });
}

void Checkpoints::record_accumulators(std::string_view bytes) {
    on_rank_0(comm_, [&] {
        std::uint64_t const hash = hash_long(bytes);
        if (hash != std::exchange(accumulators_hash_, hash))
            journal_->append({JournalEntry::Kind::accumulators, 0, 0, "", std::string(bytes)});
        return std::string();
    });
}

void Checkpoints::check_input(Plan const& plan, Transformation& target) {
    for (Decision const& decision : plan.decisions) {
        if (decision.splits.files.empty()) continue;
        Transformation const& source = find_transformation(target, decision.transformation);
        std::string files = files_in_words(decision.splits);
        auto const earlier = std::find_if(
            found_inputs_.begin(), found_inputs_.end(),
            [&](JournalEntry const& entry) { return entry.fingerprint == source.fingerprint(); });
        if (earlier == found_inputs_.end()) {
            found_inputs_.push_back({JournalEntry::Kind::input, 0, source.fingerprint(),
                                     source.label(), std::move(files)});
            journal_->append(found_inputs_.back());
        } else if (earlier->bytes != files) {
            throw UsageError(
                fmt::format("{}: the files that {} reads are others than when the job began; bring "
                            "them back, or start over by --resume fresh",
                            folder_.path(), source.label()),
                ExitCode::divergence);
        }
    }
}

void Checkpoints::restore(Transformation& target, StageSetting const& setting) {
    while (found_count_ > 0) {
        std::string const text = on_rank_0(comm_, [&] { return next_to_restore(target); });
        if (text.empty()) return;
        Manifest const manifest = manifest_from_text(text).value();
        auto const id = static_cast<std::uint32_t>(manifest.step_id);
        restore_one(manifest, {&find_transformation(target, id), manifest.input}, setting);
        --found_count_;
    }
}

/// The manifest of what is needed first on the way back from `target`, as text; empty if there is
/// none.
std::string Checkpoints::next_to_restore(Transformation& target) const {
    std::unordered_map<Place, Manifest const*> available;
    for (Manifest const& manifest : manifests_) {
        if (!found_.contains(manifest.number)) continue;
        // Of several the newest, which comes last.
        available[place_of(manifest.step_id, manifest.input)] = &manifest;
    }
    std::vector<Transformation const*> rest{&target};
    std::unordered_set<std::uint32_t> seen{target.id()};
    while (!rest.empty()) {
        Transformation const& step = *rest.back();
        rest.pop_back();
        for (std::size_t input = 0; input < step.parents().size(); ++input) {
            if (step.holds_input(input)) continue;
            auto const found = available.find(place_of(step.id(), input));
            if (found != available.end() && found->second->fingerprint == step.fingerprint())
                return to_text(*found->second);
            Transformation const* const parent = step.parents()[input].get();
            if (seen.insert(parent->id()).second) rest.push_back(parent);
        }
    }
    return "";
}

void Checkpoints::restore_one(Manifest const& manifest, HeldInput at, StageSetting const& setting) {
    double const start = now_seconds();
    crash_point("restore");
    Placement const placement_before = at.step->placement();
    std::vector<bool> const in_place_before = at.step->in_place();
    at.step->set_placement(Placement(manifest.placement));
    at.step->set_in_place({manifest.in_place.begin(), manifest.in_place.end()});
    std::unique_ptr<PartitionStore> store;
    std::string const failure = failure_of([&] { store = load(manifest, at, setting); });
    auto const nobody = static_cast<std::uint64_t>(comm_.rank_count());
    std::uint64_t const failed =
        comm_.all_reduce_min(failure.empty() ? nobody : static_cast<std::uint64_t>(comm_.rank()));
    if (failed != nobody) {
        at.step->set_placement(placement_before);
        at.step->set_in_place(in_place_before);
        std::string const reason = comm_.broadcast(failure, static_cast<int>(failed));
        on_rank_0(comm_, [&] {
            give_up_on(manifest.number, reason);
            return std::string();
        });
        return;
    }
    at.holder().hold(at.input, std::move(store));
    if (comm_.rank() == 0) {
        if (!is_quiet_)
            std::fprintf(stderr,
                         "serry: restored checkpoint %llu, of stage %llu of attempt %llu: %s\n",
                         static_cast<unsigned long long>(manifest.number),
                         static_cast<unsigned long long>(manifest.stage),
                         static_cast<unsigned long long>(manifest.attempt), manifest.step.c_str());
        found_.erase(manifest.number);
        committed_[place_of(manifest.step_id, manifest.input)] = manifest.number;
    }
    crash_point("restored");
    ++totals_.restored;
    totals_.restore_seconds += now_seconds() - start;
}

/// This rank's partitions. Local.
std::unique_ptr<PartitionStore> Checkpoints::load(Manifest const& manifest,
                                                  HeldInput at,
                                                  StageSetting const& setting) const {
    auto store = at.holder().make_store(setting);
    std::unique_ptr<PackReader> reader;
    std::uint64_t open_pack = 0;
    for (PartitionRange const& range : store->ranges()) {
        for (std::uint64_t p = range.begin; p < range.end; ++p) {
            ManifestPartition const& place = manifest.partitions.at(p);
            if (!reader || open_pack != place.pack) {
                PackId const id = manifest.pack_id(place.pack);
                open_pack = place.pack;
                reader = std::make_unique<PackReader>(folder_.pack_path(id), id,
                                                      manifest.packs[place.pack].checksum);
            }
            auto const& packed = reader->partitions();
            if (place.position >= packed.size() || packed[place.position].partition != p
                || packed[place.position].record_count != place.record_count
                || packed[place.position].plain_bytes != place.plain_bytes)
                throw StorageError(fmt::format("{}: its partition {} is not the manifest's",
                                               folder_.pack_path(manifest.pack_id(place.pack)), p));
            Run& run = store->partition(p);
            std::uint64_t left = place.record_count;
            reader->read(place.position, [&](std::string_view block) {
                beat();
                run.append_block(block, std::exchange(left, 0));
                crash_point("restore-block");
            });
        }
    }
    return store;
}

/// On rank 0.
void Checkpoints::give_up_on(std::uint64_t number, std::string const& reason) {
    std::fprintf(stderr, "serry: warning: checkpoint %s cannot be used, and is set aside: %s\n",
                 folder_.manifest_path(number).c_str(), reason.c_str());
    folder_.set_aside(number);
    found_.erase(number);
    std::erase_if(manifests_, [&](Manifest const& one) { return one.number == number; });
}

void Checkpoints::before_stage(Transformation& last, std::optional<HeldInput> exchanged) {
    unheld_.clear();
    if (exchanged) unheld_.push_back(*exchanged);
    stage_rests_on_.clear();
    std::unordered_set<std::uint64_t> numbers;
    visit_needed(last, [&](Transformation& step) {
        if (!dynamic_cast<StoreHolder*>(&step)) return;
        for (std::size_t input = 0; input < step.parents().size(); ++input) {
            if (!step.holds_input(input)) {
                unheld_.push_back({&step, input});
                continue;
            }
            Place const place = place_of(step.id(), input);
            auto const committed = committed_.find(place);
            if (committed != committed_.end()) numbers.insert(committed->second);
            auto const rests_on = rests_on_.find(place);
            if (rests_on != rests_on_.end())
                numbers.insert(rests_on->second.begin(), rests_on->second.end());
        }
    });
    stage_rests_on_.assign(numbers.begin(), numbers.end());
}

void Checkpoints::after_stage(StagePlan const& stage,
                              Lineage const& lineage,
                              std::function<void()> const& before_commit) {
    for (HeldInput const& at : unheld_) {
        if (!at.is_held()) continue;
        Place const place = place_of(at.step->id(), at.input);
        uncommitted_[place] = at;
        if (comm_.rank() == 0) rests_on_[place] = stage_rests_on_;
    }
    unheld_.clear();
    std::vector<HeldInput> const due = due_now(lineage);
    if (due.empty()) return;
    before_commit();
    for (HeldInput const& at : due) commit(stage, at);
    must_retire_ = true;
}

/// What is held, was not committed, and should be now: all of it, or what the program asks for.
std::vector<HeldInput> Checkpoints::due_now(Lineage const& lineage) {
    std::erase_if(uncommitted_, [&](auto const& entry) {
        bool const is_live = lineage.live->contains(static_cast<std::uint32_t>(entry.first >> 8));
        return !is_live || !entry.second.holder().store_of(entry.second.input);
    });
    if (uncommitted_.empty()) return {};
    std::uint64_t largest[] = {0};
    for (auto const& [place, at] : uncommitted_) largest[0] += byte_count_of(at.store());
    comm_.all_reduce_max(largest);
    bool const is_due =
        on_rank_0(comm_, [&] { return policy_.is_due(largest[0], now_seconds()) ? "yes" : "no"; })
        == "yes";
    std::vector<HeldInput> due;
    for (auto const& [place, at] : uncommitted_)
        if (is_due || at.holder().is_checkpoint()) due.push_back(at);
    return due;
}

void Checkpoints::after_action(Lineage const& lineage) {
    if (!std::exchange(must_retire_, false)) return;
    on_rank_0(comm_, [&] {
        retire(lineage);
        return std::string();
    });
}

void Checkpoints::commit_all(StagePlan const& stage, Lineage const& lineage) {
    due_now(lineage);  // drops what has gone
    for (auto const& [place, at] : std::map<Place, HeldInput>(uncommitted_)) commit(stage, at);
}

void Checkpoints::commit(StagePlan const& stage, HeldInput at) {
    double const start = now_seconds();
    std::uint64_t largest[] = {byte_count_of(at.store())};
    comm_.all_reduce_max(largest);
    PackId const id{job_id_, next_number_++, attempt_, static_cast<std::uint64_t>(comm_.rank())};
    on_rank_0(comm_, [&] {
        journal_->sync();
        folder_.begin(id.checkpoint, id.attempt);
        return std::string();
    });
    std::string const own = write_pack(id, at);
    crash_point("gather");
    std::vector<std::string> const packs = comm_.gather(own, 0);
    crash_point("gathered");
    std::string const bytes = on_rank_0(
        comm_, [&] { return std::to_string(write_manifest(stage, at, id.checkpoint, packs)); });
    crash_point("committed");
    double const now = now_seconds();
    policy_.committed(largest[0], now - start, now);
    Place const place = place_of(at.step->id(), at.input);
    uncommitted_.erase(place);
    rests_on_.erase(place);
    ++totals_.committed;
    totals_.file_bytes += std::stoull(bytes);
    totals_.commit_seconds += now - start;
}

/// "+" and the summary, or "-", an exit code, a space and what went wrong. Local.
std::string Checkpoints::write_pack(PackId const& id, HeldInput at) const {
    std::string const path = folder_.pack_path(id);
    std::string const temporary = path + ".new";
    try {
        PartitionStore& store = at.store();
        crash_point("pack-write");
        PackWriter writer(temporary, id, compression_, byte_count_of(store));
        for (PartitionRange const& range : store.ranges()) {
            for (std::uint64_t p = range.begin; p < range.end; ++p) {
                Run const& run = store.partition(p);
                writer.begin_partition(p);
                Run::Reader blocks(run);
                for (auto block = blocks.next_block(); !block.empty();
                     block = blocks.next_block()) {
                    beat();
                    writer.add_block(block);
                }
                writer.end_partition(run.record_count());
            }
        }
        crash_point("pack-sync");
        PackSummary const summary = writer.close();
        crash_point("pack-rename");
        if (std::rename(temporary.c_str(), path.c_str()) != 0)
            throw_file_failure(path, "renaming the pack to it", errno, "--checkpoint");
        crash_point("pack-renamed");
        return encoded(summary);
    } catch (...) {
        std::remove(temporary.c_str());
        return fmt::format("-{} {}", static_cast<int>(code_of_current_exception()),
                           describe_current_exception());
    }
}

/// On rank 0. Returns the bytes of all packs.
std::uint64_t Checkpoints::write_manifest(StagePlan const& stage,
                                          HeldInput at,
                                          std::uint64_t number,
                                          std::vector<std::string> const& packs) {
    Manifest manifest{.number = number,
                      .job = job_id_,
                      .attempt = attempt_,
                      .stage = stage.number,
                      .step_id = at.step->id(),
                      .step = at.step->label(),
                      .fingerprint = at.step->fingerprint(),
                      .input = at.input,
                      .in_place = {at.step->in_place().begin(), at.step->in_place().end()},
                      .placement = at.step->placement().blocks(),
                      .packs = {},
                      .partitions = {}};
    manifest.partitions.resize(at.step->partition_count());
    for (std::size_t rank = 0; rank < packs.size(); ++rank) {
        if (packs[rank][0] == '-') {
            std::size_t const space = packs[rank].find(' ');
            folder_.remove(manifest);
            throw StorageError(
                fmt::format("a checkpoint of {} could not be written on rank {}: {}; those made "
                            "before are still there, and the job can go on from them",
                            manifest.step, rank, packs[rank].substr(space + 1)),
                static_cast<ExitCode>(std::stoi(packs[rank].substr(1))));
        }
        PackSummary const summary = decoded_summary(packs[rank]);
        for (std::size_t i = 0; i < summary.partitions.size(); ++i) {
            PackedPartition const& packed = summary.partitions[i];
            manifest.partitions.at(packed.partition) = {rank, i, packed.record_count,
                                                        packed.plain_bytes};
        }
        manifest.packs.push_back({rank, summary.file_bytes, summary.checksum});
    }
    folder_.commit(manifest);
    std::uint64_t const bytes = manifest.file_bytes();
    committed_[place_of(manifest.step_id, manifest.input)] = number;
    manifest.packs.clear();
    manifest.partitions.clear();
    manifests_.push_back(std::move(manifest));
    return bytes;
}

/// Delete the checkpoints that nothing rests on any more, but for the newest of them. On rank 0.
void Checkpoints::retire(Lineage const& lineage) {
    auto const is_live = [&](Place place) {
        return lineage.live->contains(static_cast<std::uint32_t>(place >> 8));
    };
    std::unordered_set<std::uint64_t> needed;
    std::erase_if(committed_, [&](auto const& entry) { return !is_live(entry.first); });
    std::erase_if(rests_on_, [&](auto const& entry) { return !is_live(entry.first); });
    for (auto const& [place, number] : committed_) needed.insert(number);
    for (auto const& [place, numbers] : rests_on_) needed.insert(numbers.begin(), numbers.end());
    std::vector<Manifest> obsolete;
    for (Manifest const& manifest : manifests_) {
        bool const is_to_come = manifest.step_id >= lineage.next_id;
        bool const is_waiting =
            found_.contains(manifest.number) && is_live(place_of(manifest.step_id, manifest.input));
        if (!needed.contains(manifest.number) && !is_to_come && !is_waiting)
            obsolete.push_back(manifest);
    }
    for (std::size_t i = 0; i + most_obsolete < obsolete.size(); ++i) {
        folder_.remove(obsolete[i]);
        std::erase_if(manifests_,
                      [&](Manifest const& one) { return one.number == obsolete[i].number; });
    }
}

void Checkpoints::finish() {
    on_rank_0(comm_, [&] {
        crash_point("finish");
        journal_.reset();
        // The job has done what it was to do, whatever cannot be deleted.
        std::string const failure = failure_of([&] { folder_.finish(job_id_); });
        if (!failure.empty())
            std::fprintf(stderr, "serry: warning: what the job needed no more is left: %s\n",
                         failure.c_str());
        crash_point("finished");
        return std::string();
    });
}

}  // namespace serry
