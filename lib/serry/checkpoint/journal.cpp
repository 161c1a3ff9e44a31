#include "serry/checkpoint/journal.hpp"

#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "serry/base/clock.hpp"
#include "serry/base/crash_point.hpp"
#include "serry/base/hash.hpp"
#include "serry/checkpoint/durable_file.hpp"
#include "serry/sink/output_file.hpp"

namespace serry {
namespace {

constexpr double most_unsynced_seconds = 1;
constexpr std::size_t head_bytes = 16;
constexpr std::size_t least_body_bytes = 1 + 3 * 8;

void put_number(std::uint64_t number, std::string& out) {
    for (unsigned i = 0; i < 8; ++i) out += static_cast<char>(number >> (8 * i));
}

std::uint64_t number_at(std::string_view bytes, std::size_t at) {
    std::uint64_t number = 0;
    for (unsigned i = 0; i < 8; ++i)
        number |= std::uint64_t{static_cast<unsigned char>(bytes[at + i])} << (8 * i);
    return number;
}

std::string encoded(JournalEntry const& entry) {
    std::string body(1, static_cast<char>(entry.kind));
    put_number(entry.number, body);
    put_number(entry.fingerprint, body);
    put_number(entry.label.size(), body);
    body += entry.label;
    body += entry.bytes;
    std::string bytes;
    put_number(body.size(), bytes);
    put_number(hash_long(body), bytes);
    return bytes + body;
}

}  // namespace

std::vector<JournalEntry> read_journal(std::string_view file, std::uint64_t& end) {
    std::vector<JournalEntry> entries;
    for (end = 0; file.size() - end >= head_bytes + least_body_bytes;) {
        std::uint64_t const body_bytes = number_at(file, end);
        if (body_bytes < least_body_bytes || body_bytes > file.size() - end - head_bytes) break;
        std::string_view const body = file.substr(end + head_bytes, body_bytes);
        if (hash_long(body) != number_at(file, end + 8)) break;
        std::uint64_t const label_bytes = number_at(body, 17);
        if (label_bytes > body.size() - least_body_bytes) break;
        entries.push_back({static_cast<JournalEntry::Kind>(body[0]), number_at(body, 1),
                           number_at(body, 9),
                           std::string(body.substr(least_body_bytes, label_bytes)),
                           std::string(body.substr(least_body_bytes + label_bytes))});
        end += head_bytes + body_bytes;
    }
    return entries;
}

Journal::Journal(std::string path, std::string const& job_id) : path_(std::move(path)) {
    if (auto const file = read_whole(path_)) found_ = read_journal(*file, end_);
    bool const is_ours =
        !found_.empty() && found_[0].kind == JournalEntry::Kind::job && found_[0].bytes == job_id;
    if (is_ours)
        found_.erase(found_.begin());
    else
        begin(job_id);
    open();
}

Journal::~Journal() {
    if (descriptor_ >= 0) close(descriptor_);
}

void Journal::begin(std::string const& job_id) {
    found_.clear();
    JournalEntry const first{JournalEntry::Kind::job, 0, 0, "", job_id};
    std::string const bytes = encoded(first);
    write_durably(path_, bytes, "journal-begin");
    end_ = bytes.size();
}

void Journal::open() {
    descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CLOEXEC);
    if (descriptor_ < 0 || ftruncate(descriptor_, static_cast<off_t>(end_)) != 0)
        throw_file_failure(path_, "opening it", errno, checkpoint_option);
}

void Journal::append(JournalEntry const& entry) {
    crash_point("journal-append");
    std::string const bytes = encoded(entry);
    for (std::size_t done = 0; done < bytes.size();) {
        ssize_t const written = pwrite(descriptor_, bytes.data() + done, bytes.size() - done,
                                       static_cast<off_t>(end_ + done));
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0)
            throw_file_failure(path_, fmt::format("writing {} bytes more", bytes.size() - done),
                               written < 0 ? errno : ENOSPC, checkpoint_option);
        done += static_cast<std::size_t>(written);
    }
    end_ += bytes.size();
    crash_point("journal-appended");
    if (now_seconds() - synced_at_ > most_unsynced_seconds) sync();
}

void Journal::sync() {
    if (fdatasync(descriptor_) != 0)
        throw_file_failure(path_, "bringing it to the disk", errno, checkpoint_option);
    synced_at_ = now_seconds();
}

}  // namespace serry
