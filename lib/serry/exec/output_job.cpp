#include "serry/exec/output_job.hpp"

#include "serry/base/crash_point.hpp"
#include "serry/sink/output_directory.hpp"

namespace serry {

OutputJob::OutputJob(Session& session, std::string const& path, Transformation const& action)
    : session_(session), action_(action) {
    parts_path_ = session.on_rank_0([&] {
        if (is_made_already(path)) return std::string();
        std::string const id = session.job_id() + '-' + std::to_string(session.action_count());
        directory_ = std::make_unique<OutputDirectory>(
            OutputDirectory::prepare(path, session.options().overwrite, id));
        return directory_->parts_path();
    });
}

OutputJob::~OutputJob() = default;

bool OutputJob::is_made_already(std::string const& path) const {
    if (!session_.checkpoints()) return false;
    auto const made = OutputDirectory::summary_at(path);
    return made && made->job_id == session_.job_id() && made->action == session_.action_count()
           && made->call_site == to_string(action_.at());
}

void OutputJob::commit(Vote const& vote, std::uint64_t partition_count) {
    session_.save_states();
    session_.on_rank_0([&] {
        crash_point("sink-commit");
        directory_->commit({.job_id = session_.job_id(),
                            .action = session_.action_count(),
                            .call_site = to_string(action_.at()),
                            .partition_count = partition_count,
                            .record_count = vote.records_out,
                            .byte_count = vote.bytes_out});
        crash_point("sink-committed");
        return std::string();
    });
}

}  // namespace serry
