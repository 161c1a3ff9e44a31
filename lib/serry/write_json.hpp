#pragma once

#include <string>

#include "serry/dataset.hpp"
#include "serry/exec/action_step.hpp"
#include "serry/exec/output_job.hpp"
#include "serry/sink/row_format.hpp"
#include "serry/sink/text_sink.hpp"
#include "serry/source/json_parser.hpp"

namespace serry {

/// Write a folder of text files, one a partition (part-00000 and so on), one object of JSON a line,
/// and a file _SUCCESS. The folder appears at once when all is written, or not at all. T is a
/// struct as read_json_lines() takes it, and what is written reads back equal. Nothing is null, and
/// numbers that JSON does not have are "NaN", "Infinity" and "-Infinity", as Spark writes them.
///
/// Order: that of the dataset.
/// Moves: nothing.
/// Memory: about a MiB.
/// Throws: UsageError if the folder exists, unless --overwrite was given; StageError (input) for
///   text that is not UTF-8; StorageError.
template <JsonRow T>
void write_json_lines(Dataset<T> const& dataset,
                      std::string const& path,
                      CallSite at = CallSite::here()) {
    Session& session = dataset.session();
    ActionStep const action(session, dataset.step(), "write_json_lines", at);
    write_output(session, *dataset.step(), action, path, [&](std::string const& parts_path) {
        return TextSink<T, JsonFormat<T>>(*dataset.step(), action, parts_path);
    });
}

}  // namespace serry
