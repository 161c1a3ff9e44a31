#pragma once

#include <memory>
#include <string>

#include "serry/exec/session.hpp"

namespace serry {

class OutputDirectory;

/// The part of an action that writes a folder which is not done by tasks: rank 0 prepares the
/// folder and puts it in place. Collective; what rank 0 meets, every rank throws.
class OutputJob {
public:
    /// Throws UsageError (the path exists) and StorageError.
    OutputJob(Session& session, std::string const& path, Transformation const& action);
    /// Removes what was written if it was not committed.
    ~OutputJob();

    /// Whether an earlier attempt of the job has made the folder: there is nothing to do.
    bool is_done() const { return parts_path_.empty(); }
    /// Where the tasks write their parts; the same on every rank.
    std::string const& parts_path() const { return parts_path_; }
    /// After all tasks: one rename, and the folder is there.
    void commit(Vote const& vote, std::uint64_t partition_count);

private:
    bool is_made_already(std::string const& path) const;

    Session& session_;
    Transformation const& action_;
    std::unique_ptr<OutputDirectory> directory_;  ///< on rank 0
    std::string parts_path_;
};

/// All of an action that writes a folder of the records of `target`: make_sink(parts_path) is the
/// end of its stage, and finish(sink, parts_path) is called between that and the commit.
/// Collective.
template <typename MakeSink, typename Finish>
void write_output(Session& session,
                  Transformation& target,
                  Transformation const& action,
                  std::string const& path,
                  MakeSink const& make_sink,
                  Finish const& finish) {
    OutputJob output(session, path, action);
    if (output.is_done()) return;
    auto sink = make_sink(output.parts_path());
    Vote const vote = session.run(target, action, sink);
    finish(sink, output.parts_path());
    output.commit(vote, target.partition_count());  // known only now
}
template <typename MakeSink>
void write_output(Session& session,
                  Transformation& target,
                  Transformation const& action,
                  std::string const& path,
                  MakeSink const& make_sink) {
    write_output(session, target, action, path, make_sink, [](auto const&, auto const&) {});
}

}  // namespace serry
