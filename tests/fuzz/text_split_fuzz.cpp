// However a file of any bytes is cut, the lines of its splits are those of the whole: line ends in
// quotes or not.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <sys/stat.h>
#include <unistd.h>

#include "serry/source/line_reader.hpp"
#include "serry/source/text_source.hpp"

namespace {

struct Lines final : serry::Consumer<std::string_view> {
    void consume(std::span<std::string_view const> batch) override {
        for (std::string_view const line : batch) all.emplace_back(line);
    }
    void finish() override {}
    std::vector<std::string> all;
};

struct NoPoller final : serry::Poller {
    void poll() override {}
};

serry::InputFile write(std::string const& path, std::string_view text) {
    std::ofstream(path) << text;
    struct stat status {};
    if (stat(path.c_str(), &status) != 0) std::abort();
    return {path, text.size(), serry::modified_ns(status), status.st_ino};
}

std::vector<std::string> lines_of(serry::InputFile const& file,
                                  std::string_view text,
                                  std::vector<std::uint64_t> const& cuts,
                                  char quote) {
    serry::Lineage lineage;
    serry::TextSource source(lineage, {file.path}, {"fuzz.cpp", 1}, 0);
    serry::SplitList list{.files = {file}};
    std::vector<bool> is_quoted;
    for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
        list.splits.push_back({0, cuts[i], cuts[i + 1]});
        is_quoted.push_back(
            std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(cuts[i]), quote) % 2
            != 0);
    }
    source.set_splits(list);
    if (quote != 0) source.set_quote(quote, is_quoted);
    Lines lines;
    serry::Pipeline pipeline;
    source.attach(pipeline, lines);
    NoPoller poller;
    for (std::uint64_t p = 0; p < source.partition_count(); ++p) {
        serry::TaskContext task({.index = p, .count = source.partition_count()}, poller);
        pipeline.run(task);
    }
    return lines.all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    if (size < 4) return 0;
    static std::string const path =
        (std::filesystem::temp_directory_path() / ("text_split_fuzz." + std::to_string(getpid())))
            .string();
    std::string_view const text(reinterpret_cast<char const*>(data) + 4, size - 4);
    char const quote = data[3] & 1 ? '"' : '\0';
    std::vector<std::uint64_t> cuts{0, text.size()};
    for (int i = 0; i < 3; ++i) cuts.push_back(data[i] * text.size() / 255);
    std::sort(cuts.begin(), cuts.end());
    serry::InputFile const file = write(path, text);
    if (lines_of(file, text, cuts, quote) != lines_of(file, text, {0, text.size()}, quote))
        std::abort();
    return 0;
}
