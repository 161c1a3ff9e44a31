#include "serry/sink/part_writer.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include <fmt/format.h>

namespace serry {
namespace {

constexpr std::string_view prefix = "part-";
constexpr std::size_t least_digits = 5;
constexpr std::string_view hdf5_ending = ".h5";

}  // namespace

std::string part_name(std::uint64_t partition) { return fmt::format("{}{:05}", prefix, partition); }

bool is_part_name(std::string_view name) {
    if (!name.starts_with(prefix)) return false;
    name.remove_prefix(prefix.size());
    std::size_t const digits = std::min(name.find_first_not_of("0123456789"), name.size());
    std::string_view const ending = name.substr(digits);
    return digits >= least_digits && (ending.empty() || ending == hdf5_ending);
}

PartWriter::PartWriter(std::string folder, bool is_durable)
    : folder_(std::move(folder)), is_durable_(is_durable) {
    text_.reserve(part_write_bytes + part_write_bytes / 4);
}

void PartWriter::open(std::uint64_t partition) {
    text_.clear();
    part_.emplace(folder_ + '/' + part_name(partition));
}

void PartWriter::write_full() {
    std::size_t const written = text_.size() / part_write_bytes * part_write_bytes;
    if (written == 0) return;
    part_->write(text_.view().substr(0, written));
    std::memmove(text_.data(), text_.data() + written, text_.size() - written);
    text_.set_size(text_.size() - written);
}

void PartWriter::close() {
    part_->write(text_.view());
    text_.clear();
    if (!is_durable_) {
        part_->close();
    } else {
        part_->start_sync();
        unsynced_.push_back(std::move(*part_));
        if (unsynced_.size() == most_unsynced) sync();
    }
    part_.reset();
}

void PartWriter::sync() {
    for (OutputFile& part : unsynced_) {
        part.sync();
        part.close();
    }
    unsynced_.clear();
}

}  // namespace serry
