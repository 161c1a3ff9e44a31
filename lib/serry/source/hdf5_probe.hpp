#pragma once

#include <string>
#include <vector>

#include "serry/plan/split.hpp"
#include "serry/serde/hdf5_record.hpp"

namespace serry {

/// Open the dataset in each file, and look at all of its structures, in a process of its own: HDF5
/// 1.10 crashes on some files whose structures are damaged. Throws InputError for a file that it
/// crashes on, or that keeps it busy for longer than `seconds`; what it merely refuses is for who
/// opens it here to tell.
void probe_hdf5(std::vector<InputFile> const& files,
                std::string const& dataset,
                Hdf5Record const& record,
                unsigned seconds = 60);

}  // namespace serry
