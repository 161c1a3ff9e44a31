// The join and the grouping by hand, against a loop over all pairs and a map.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "yardstick/by_hand.hpp"

using namespace serry::test;

namespace {

using Pairs = std::vector<std::pair<std::int64_t, std::int64_t>>;

std::string bytes_of(Pairs const& pairs) {
    std::string bytes;
    for (auto const& [key, value] : pairs) {
        std::int64_t const record[] = {key, value};
        bytes.append(reinterpret_cast<char const*>(record), sizeof record);
    }
    return bytes;
}

Pairs make_pairs(std::size_t count, std::int64_t keys, unsigned seed) {
    std::mt19937_64 random(seed);
    Pairs pairs;
    for (std::size_t i = 0; i < count; ++i)
        pairs.emplace_back(static_cast<std::int64_t>(random()) % keys, random());
    return pairs;
}

std::string row(std::int64_t key, std::int64_t left, std::int64_t right) {
    return std::to_string(key) + '\t' + std::to_string(left) + '\t' + std::to_string(right);
}

/// The oracle of the join.
Lines joined(Pairs const& left, Pairs const& right) {
    Lines rows;
    for (auto const& [left_key, left_value] : left)
        for (auto const& [right_key, right_value] : right)
            if (left_key == right_key) rows.push_back(row(left_key, left_value, right_value));
    std::sort(rows.begin(), rows.end());
    return rows;
}

/// The rows of binary parts, sorted.
Lines binary_rows(std::string const& bytes) {
    Lines rows;
    for (std::size_t at = 0; at + 24 <= bytes.size(); at += 24) {
        std::int64_t numbers[3];
        std::memcpy(numbers, bytes.data() + at, sizeof numbers);
        rows.push_back(row(numbers[0], numbers[1], numbers[2]));
    }
    std::sort(rows.begin(), rows.end());
    return rows;
}

/// The oracle of the grouping.
Lines grouped(Pairs const& pairs) {
    std::map<std::int64_t, std::pair<std::int64_t, std::uint64_t>> groups;
    for (auto const& [key, value] : pairs) {
        ++groups[key].first;
        groups[key].second += static_cast<std::uint64_t>(value);
    }
    Lines lines;
    for (auto const& [key, group] : groups)
        lines.push_back(row(key, group.first, static_cast<std::int64_t>(group.second)));
    std::sort(lines.begin(), lines.end());
    return lines;
}

}  // namespace

TEST_CASE("a join has a row for every two pairs of one key, at any rank count") {
    TempDir const dir;
    // The second case has heavy keys, the third partitions of more than one bit of the hash.
    for (auto const& [left_count, right_count, keys] :
         {std::tuple(3000U, 2000U, 2500), std::tuple(500U, 300U, 7),
          std::tuple(40'000U, 50U, 90)}) {
        Pairs const left = make_pairs(left_count, keys, 1);
        Pairs const right = make_pairs(right_count, keys, 2);
        Lines const expected = joined(left, right);
        REQUIRE(expected.size() > 100);
        write_file(dir / "left", bytes_of(left));
        write_file(dir / "right", bytes_of(right));
        for (int const ranks : rank_counts) {
            if (left_count != 3000 && ranks != 3) continue;
            CAPTURE(ranks);
            std::filesystem::remove_all(dir / "out");
            run_by_hand(ranks, {JOIN_MPI_PROGRAM, dir / "left", dir / "right", dir / "out",
                                "--parts", "text"});
            CHECK((sorted_lines(dir / "out") == expected));
            auto const checked =
                run_tool({CHECK_OUTPUT_PROGRAM, "join", dir / "out", dir / "out/summary"});
            CHECK(checked.out == std::to_string(expected.size()) + " rows agree\n");
            CHECK(checked.err == "");
        }
    }
}

TEST_CASE("the summary is the same with binary parts and without parts, and no row escapes it") {
    TempDir const dir;
    Pairs const left = make_pairs(1000, 500, 1);
    Pairs const right = make_pairs(1000, 500, 2);
    write_file(dir / "left", bytes_of(left));
    write_file(dir / "right", bytes_of(right));
    std::vector<std::string> const command = {JOIN_MPI_PROGRAM, dir / "left", dir / "right"};
    auto const run = [&](int ranks, std::string const& out,
                         std::vector<std::string> const& options) {
        auto words = command;
        words.push_back(dir / out);
        words.insert(words.end(), options.begin(), options.end());
        run_by_hand(ranks, words);
        return read_file(dir / (out + "/summary"));
    };
    std::string const summary = run(2, "binary", {"--parts", "binary"});
    CHECK((binary_rows(parts_of(dir / "binary")) == joined(left, right)));
    CHECK(run(3, "none", {}) == summary);
    CHECK(parts_of(dir / "none") == "");
    CHECK(run(1, "text", {"--parts", "text"}) == summary);

    std::string text = read_file(dir / "text/part-00000");
    auto const checked = [&](std::string const& rows) {
        write_file(dir / "text/part-00000", rows);
        return run_tool({CHECK_OUTPUT_PROGRAM, "join", dir / "text", dir / "none/summary"}).err;
    };
    CHECK(checked(text.substr(text.find('\n') + 1)).find(" rows, expected ") != std::string::npos);
    char& digit = text[text.find('\n') - 1];
    digit = digit == '1' ? '2' : '1';
    CHECK(checked(text)
          == "check_output: " + (dir / "text").string() + " has other rows than expected\n");
}

TEST_CASE("groups count and add up the values of each key, at any rank count") {
    TempDir const dir;
    for (std::int64_t const keys : {1, 1000, 1'000'000'000}) {
        Pairs const pairs = make_pairs(9000, keys, 3);
        write_file(dir / "in", bytes_of(pairs));
        for (int const ranks : rank_counts) {
            if (keys != 1000 && ranks != 2) continue;
            CAPTURE(keys);
            CAPTURE(ranks);
            std::filesystem::remove_all(dir / "out");
            run_by_hand(ranks, {GROUP_MPI_PROGRAM, dir / "in", dir / "out"});
            CHECK((sorted_lines(dir / "out") == grouped(pairs)));
        }
    }
}

TEST_CASE("no pairs join and group to nothing") {
    TempDir const dir;
    write_file(dir / "none", "");
    write_file(dir / "some", bytes_of(make_pairs(100, 10, 1)));
    run_by_hand(3, {JOIN_MPI_PROGRAM, dir / "none", dir / "some", dir / "a"});
    run_by_hand(3, {JOIN_MPI_PROGRAM, dir / "some", dir / "none", dir / "b"});
    CHECK(read_file(dir / "a/summary") == "rows 0\nchecksum 0000000000000000\n");
    CHECK(read_file(dir / "b/summary") == "rows 0\nchecksum 0000000000000000\n");
    run_by_hand(3, {GROUP_MPI_PROGRAM, dir / "none", dir / "c"});
    CHECK(parts_of(dir / "c") == "");
}

TEST_CASE("files of half records are refused in one line") {
    TempDir const dir;
    std::string const whole = dir / "whole";
    std::string const half = dir / "half";
    write_file(whole, std::string(32, 'x'));
    write_file(half, std::string(24, 'x'));
    std::string const expected = " has 24 bytes, expected a multiple of 16";
    CHECK(complaints(2, {JOIN_MPI_PROGRAM, half, whole, dir / "out"}) == Lines{half + expected});
    CHECK(complaints(2, {JOIN_MPI_PROGRAM, whole, half, dir / "out"}) == Lines{half + expected});
    CHECK(complaints(2, {GROUP_MPI_PROGRAM, half, dir / "out"}) == Lines{half + expected});
    CHECK(complaints(2, {GROUP_MPI_PROGRAM, half}) == Lines{"usage: group_mpi INPUT OUTPUT_DIR"});
    CHECK(complaints(2, {JOIN_MPI_PROGRAM, whole, whole, dir / "out", "--parts", "x"})
          == Lines{"usage: join_mpi LEFT RIGHT OUTPUT_DIR [--parts binary|text]"});
}
