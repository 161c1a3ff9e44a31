#include "serry/checkpoint/durable_file.hpp"

#include <cerrno>
#include <charconv>
#include <cstdio>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "serry/base/crash_point.hpp"
#include "serry/base/error.hpp"
#include "serry/base/hash.hpp"
#include "serry/sink/output_file.hpp"

namespace serry {
namespace {

constexpr std::string_view checksum_word = "checksum ";

void come_by(char const* crash_name, char const* place) {
    crash_point((std::string(crash_name) + '-' + place).c_str());
}

std::string folder_of(std::string const& path) { return path.substr(0, path.rfind('/')); }

}  // namespace

void write_durably(std::string const& path, std::string_view content, char const* crash_name) {
    std::string const temporary = path + ".new";
    if (unlink(temporary.c_str()) != 0 && errno != ENOENT)
        throw_file_failure(temporary, "removing what a dead attempt left", errno,
                           checkpoint_option);
    come_by(crash_name, "write");
    OutputFile file(temporary, checkpoint_option);
    file.write(content);
    come_by(crash_name, "sync");
    file.sync();
    file.close();
    come_by(crash_name, "rename");
    if (std::rename(temporary.c_str(), path.c_str()) != 0)
        throw_file_failure(path, fmt::format("renaming {} to it", temporary), errno,
                           checkpoint_option);
    come_by(crash_name, "renamed");
    sync_folder(folder_of(path), checkpoint_option);
    // Some file systems have said yes to a rename that did not happen.
    struct stat found {};
    if (stat(path.c_str(), &found) != 0)
        throw_file_failure(path, "looking there", errno, checkpoint_option);
}

std::optional<std::string> read_whole(std::string const& path) {
    int const descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0 && errno == ENOENT) return std::nullopt;
    std::string content;
    char piece[1 << 16];
    int error = descriptor < 0 ? errno : 0;
    while (error == 0) {
        ssize_t const got = read(descriptor, piece, sizeof piece);
        if (got == 0) break;
        if (got > 0)
            content.append(piece, static_cast<std::size_t>(got));
        else if (errno != EINTR)
            error = errno;
    }
    if (descriptor >= 0) close(descriptor);
    if (error != 0) throw_file_failure(path, "reading it", error, checkpoint_option);
    return content;
}

std::string with_checksum(std::string const& lines) {
    std::string const last = fmt::format("{}{:016x}\n", checksum_word, hash_long(lines));
    return lines + last;
}

std::optional<std::string_view> without_checksum(std::string_view text) {
    std::size_t const last_bytes = checksum_word.size() + 16 + 1;
    if (text.size() < last_bytes) return std::nullopt;
    std::string_view const lines = text.substr(0, text.size() - last_bytes);
    if (with_checksum(std::string(lines)) != text) return std::nullopt;
    return lines;
}

bool NamedLines::is_next(std::string_view name) const {
    return rest_.starts_with(name) && rest_.substr(name.size(), 1) == " ";
}

std::optional<std::string> NamedLines::take(std::string_view name) {
    std::size_t const end = rest_.find('\n');
    if (end == std::string_view::npos || !is_next(name) || end <= name.size()) return std::nullopt;
    std::string value(rest_.substr(name.size() + 1, end - name.size() - 1));
    rest_.remove_prefix(end + 1);
    return value;
}

std::optional<std::uint64_t> NamedLines::take_number(std::string_view name) {
    auto const text = take(name);
    if (!text) return std::nullopt;
    auto const numbers = numbers_in(*text);
    return numbers.size() == 1 ? std::optional(numbers[0]) : std::nullopt;
}

std::vector<std::uint64_t> numbers_in(std::string_view line, int base) {
    std::vector<std::uint64_t> numbers;
    while (!line.empty()) {
        std::string_view const word = line.substr(0, line.find(' '));
        std::uint64_t number = 0;
        auto const [end, error] =
            std::from_chars(word.data(), word.data() + word.size(), number, base);
        if (error != std::errc() || end != word.data() + word.size()) return {};
        numbers.push_back(number);
        line.remove_prefix(std::min(line.size(), word.size() + 1));
    }
    return numbers;
}

}  // namespace serry
