#include "serry/sink/hdf5_output.hpp"

#include <string>

#include <doctest/doctest.h>

#include "sink/thrown.hpp"
#include "support/temp_dir.hpp"

using namespace serry;
using namespace serry::test;

TEST_CASE("HDF5 makes a file of it, and what fails is told") {
    TempDir const dir;
    std::string const path = dir / "file.h5";
    {
        Hdf5Output bytes(path);
        Hdf5Handle file = make_hdf5(bytes);
        bytes.check(file.is_open(), "making it");
        bytes.check(file.reset(), "closing it");
        CHECK(bytes.byte_count() == bytes.file.byte_count());
        CHECK(bytes.byte_count() > 0);
        char magic[4];
        bytes.read(0, magic, 4);
        CHECK(std::string(magic, 4) == "\x89HDF");
        CHECK(thrown([&] { bytes.check(false, "looking at it"); })
              == "StorageError 74: " + path
                     + ": looking at it failed: HDF5 gives no reason; report this, it is no fault "
                       "of the disk's");
        bytes.failure = std::make_exception_ptr(StorageError("the disk is full"));
        CHECK(thrown([&] { bytes.check(true, "writing"); }) == "StorageError 74: the disk is full");
    }
    CHECK(thrown([&] { Hdf5Output(path, "--checkpoint"); })
          == "StorageError 74: " + path
                 + ": making the file failed: File exists; choose another --checkpoint if it stays "
                   "so");
}
