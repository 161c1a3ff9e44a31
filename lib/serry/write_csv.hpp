#pragma once

#include <string>

#include "serry/dataset.hpp"
#include "serry/exec/action_step.hpp"
#include "serry/exec/output_job.hpp"
#include "serry/sink/row_format.hpp"
#include "serry/sink/text_sink.hpp"
#include "serry/source/csv_parser.hpp"

namespace serry {

/// Write a folder of CSV (TSV) files, one a partition (part-00000 and so on), each with a header,
/// and a file _SUCCESS. The folder appears at once when all is written, or not at all. T is a
/// struct as read_csv() takes it, and what is written reads back equal (with quoted_newlines, if
/// text holds line ends): numbers as the shortest text that is the same number, text in quotes
/// where needed, nothing as an empty field.
///
/// Order: that of the dataset.
/// Moves: nothing.
/// Memory: about a MiB.
/// Throws: UsageError if the folder exists, unless --overwrite was given; StorageError.
template <CsvRow T>
void write_csv(Dataset<T> const& dataset,
               std::string const& path,
               CsvWriteOptions options = {},
               CallSite at = CallSite::here()) {
    Session& session = dataset.session();
    ActionStep const action(session, dataset.step(), "write_csv", at);
    write_output(session, *dataset.step(), action, path, [&](std::string const& parts_path) {
        return TextSink<T, CsvFormat<T>>(*dataset.step(), action, parts_path, true,
                                         CsvFormat<T>(options));
    });
}

}  // namespace serry
