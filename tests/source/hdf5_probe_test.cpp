#include "serry/source/hdf5_probe.hpp"

#include <random>
#include <string>

#include <doctest/doctest.h>

#include "serry/base/error.hpp"
#include "source/hdf5_files.hpp"
#include "source/input_file.hpp"

using namespace serry;
using namespace serry::test;

TEST_CASE("files that HDF5 reads, or refuses, are no matter of the probe's") {
    Hdf5Record const record = hdf5_record<std::int64_t>();
    TempDir const dir;
    write_file(dir / "text", "no HDF5");
    probe_hdf5({}, "/plain", record);
    probe_hdf5({input_file(hdf5_file("small_plain.h5"))}, "/plain", record);
    probe_hdf5({input_file(dir / "text"), input_file(hdf5_file("small_plain.h5"))}, "/plain",
               record);
}

TEST_CASE("a file that HDF5 crashes on is an InputError") {
    TempDir const dir;
    std::string const intact = read_file(hdf5_file("small_checked.h5"));
    std::string message;
    // Found by trying all seeds: a bit in the sizes of the chunks.
    for (std::uint32_t seed : {35, 353, 763}) {
        std::mt19937_64 random(seed);
        std::string bytes = intact;
        auto const bit = static_cast<char>(1 << random() % 8);
        bytes[random() % bytes.size()] ^= bit;
        write_file(dir / "damaged", bytes);
        message += message_of([&] {
            probe_hdf5({input_file(dir / "damaged")}, "/checked", hdf5_record<std::int64_t>());
        });
    }
    CHECK(message.find((dir / "damaged").string()
                       + ": /checked: the file is damaged: HDF5 crashes (Floating point exception) "
                         "when it opens the dataset; get the file again, or make it again")
          != std::string::npos);
}
