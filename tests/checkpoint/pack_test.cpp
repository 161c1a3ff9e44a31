#include "serry/checkpoint/pack.hpp"

#include <cstdint>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "serry/base/error.hpp"
#include "sink/thrown.hpp"
#include "source/hdf5_files.hpp"
#include "support/temp_dir.hpp"

using namespace serry;
using namespace serry::test;

namespace {

using Partitions = std::vector<std::vector<std::string>>;

PackId const id{"65a3f-1f", 12, 3, 4};

/// Blocks of text, of noise, empty partitions, and one block that is longer than a chunk.
Partitions sample() {
    std::mt19937_64 random(7);
    std::string noise(100'000, '\0');
    for (char& c : noise) c = static_cast<char>(random());
    std::string text;
    while (text.size() < 6'000'000)
        text += "a line like many others " + std::to_string(text.size());
    return {{"one", text.substr(0, 70'000)}, {}, {noise, text, "x"}, {noise.substr(0, 1)}};
}

PackSummary write(std::string const& path,
                  Partitions const& partitions,
                  PackCompression compression,
                  std::uint64_t plain_bytes = 1 << 20) {
    PackWriter writer(path, id, compression, plain_bytes);
    for (std::size_t p = 0; p < partitions.size(); ++p) {
        writer.begin_partition(10 + p);
        for (std::string const& block : partitions[p]) writer.add_block(block);
        writer.end_partition(100 * p);
    }
    return writer.close();
}

Partitions read(std::string const& path, std::uint64_t checksum) {
    PackReader reader(path, id, checksum);
    Partitions partitions;
    for (std::size_t i = 0; i < reader.partitions().size(); ++i) {
        CHECK(reader.partitions()[i].partition == 10 + i);
        CHECK(reader.partitions()[i].record_count == 100 * i);
        partitions.emplace_back();
        reader.read(i, [&](std::string_view block) { partitions.back().emplace_back(block); });
    }
    return partitions;
}

}  // namespace

TEST_CASE("a pack gives back what was put into it, with every compression and layout") {
    TempDir const dir;
    for (auto const compression :
         {PackCompression::none, PackCompression::lz4, PackCompression::zstd}) {
        for (std::uint64_t const plain_bytes : {0, 100'000, 100'000'000}) {
            CAPTURE(compression_name(compression));
            CAPTURE(plain_bytes);
            std::string const path =
                dir / (std::string(compression_name(compression)) + std::to_string(plain_bytes));
            PackSummary const summary = write(path, sample(), compression, plain_bytes);
            CHECK(summary.file_bytes == std::filesystem::file_size(path));
            CHECK((read(path, summary.checksum) == sample()));
            CHECK((summary.file_bytes < 4'000'000) == (compression != PackCompression::none));
        }
    }
}

TEST_CASE("an empty pack is one, too") {
    TempDir const dir;
    auto const summary = write(dir / "pack", {}, PackCompression::none, 0);
    CHECK(read(dir / "pack", summary.checksum).empty());
    auto const hollow = write(dir / "hollow", {{}, {}}, PackCompression::lz4, 0);
    CHECK((read(dir / "hollow", hollow.checksum) == Partitions{{}, {}}));
}

TEST_CASE("h5py finds in a pack what pack.hpp says, and a pack of version 1 stays readable") {
    Partitions const partitions = {{std::string("one\0", 4), "block"}, {}, {"three"}};
    TempDir const dir;
    PackSummary const summary = write(dir / "pack.h5", partitions, PackCompression::none, 0);
    run_python("checkpoint/check_pack.py", {dir / "pack.h5"});
    // Written by the first release; whatever changes, it must be read as it was.
    std::string const golden = TESTS_DIR "/checkpoint/golden_pack.h5";
    run_python("checkpoint/check_pack.py", {golden});
    CHECK(summary.checksum == 16006745622847549685U);
    CHECK((read(golden, summary.checksum) == partitions));
}

TEST_CASE("another's pack is told apart") {
    TempDir const dir;
    std::string const path = dir / "pack";
    auto const summary = write(path, sample(), PackCompression::lz4);
    PackId other = id;
    other.rank = 5;
    CHECK(thrown([&] { PackReader(path, other, summary.checksum); })
          == "StorageError 74: " + path
                 + ": is of job 65a3f-1f, checkpoint 12, attempt 3, rank 4, expected job 65a3f-1f, "
                   "checkpoint 12, attempt 3, rank 5");
    CHECK(thrown([&] { PackReader(path, id, summary.checksum + 1); })
          == "StorageError 74: " + path
                 + ": is damaged: its tables are not those that were written");
    CHECK(thrown([&] { PackReader(dir / "none", id, 0); })
          == "StorageError 74: " + std::string(dir / "none") + ": No such file or directory");
}

TEST_CASE("damage anywhere is an error, or changes nothing") {
    TempDir const dir;
    std::string const path = dir / "pack";
    Partitions const partitions = {{std::string(3000, 'a'), "b"}, {}, {std::string(9000, 'c')}};
    for (auto const compression : {PackCompression::none, PackCompression::zstd}) {
        std::filesystem::remove(path);
        auto const summary = write(path, partitions, compression, 0);
        std::string const whole = read_file(path);
        std::mt19937_64 random(11);
        int error_count = 0;
        for (int i = 0; i < 400; ++i) {
            std::string damaged = whole;
            std::size_t const at = random() % whole.size();
            if (i % 4 == 0)
                damaged.resize(at);
            else if (i % 4 == 1)
                for (std::size_t k = at; k < std::min(at + 512, whole.size()); ++k) damaged[k] = 0;
            else
                damaged[at] = static_cast<char>(damaged[at] ^ (1 << random() % 8));
            write_file(path, damaged);
            CAPTURE(i);
            try {
                Partitions const seen = read(path, summary.checksum);
                CHECK((seen == partitions));
            } catch (StorageError const& error) {
                ++error_count;
                CHECK(std::string(error.what()).starts_with(path));
            }
        }
        CHECK(error_count > 150);
    }
}
