#pragma once

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "serry/sink/output_directory.hpp"
#include "support/temp_dir.hpp"

namespace serry::test {

using Names = std::vector<std::string>;

inline OutputSummary const summary{"job1", 1, "test.cpp:1", 2, 3, 6};

inline Names names_in(std::filesystem::path const& folder) {
    Names names;
    for (auto const& entry : std::filesystem::directory_iterator(folder))
        names.push_back(entry.path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
}

/// Two parts, as `summary` says.
inline void write_parts(OutputDirectory const& output, std::string const& text) {
    write_file(output.parts_path() + "/part-00000", text + '\n');
    write_file(output.parts_path() + "/part-00001", text + '\n');
}

/// All that job1 does.
inline void write_output(std::filesystem::path const& path,
                         bool overwrite,
                         std::string const& text) {
    OutputDirectory output = OutputDirectory::prepare(path, overwrite, "job1");
    write_parts(output, text);
    output.commit(summary);
}

inline void check_output(std::filesystem::path const& path, std::string const& text) {
    CHECK(names_in(path) == Names{"_SUCCESS", "part-00000", "part-00001"});
    CHECK(read_file(path / "part-00000") == text + '\n');
    CHECK(read_file(path / "part-00001") == text + '\n');
    CHECK(read_file(path / "_SUCCESS") == to_text(summary));
}

}  // namespace serry::test
