#include "serry/exec/output_job.hpp"

#include "serry/sink/output_directory.hpp"

namespace serry {

OutputJob::OutputJob(Session& session, std::string const& path, Transformation const& action)
    : session_(session), action_(action) {
    parts_path_ = session.on_rank_0([&] {
        std::string const id = session.job_id() + '-' + std::to_string(session.action_count());
        directory_ = std::make_unique<OutputDirectory>(
            OutputDirectory::prepare(path, session.options().overwrite, id));
        return directory_->parts_path();
    });
}

OutputJob::~OutputJob() = default;

void OutputJob::commit(Vote const& vote, std::uint64_t partition_count) {
    session_.on_rank_0([&] {
        directory_->commit({.job_id = session_.job_id(),
                            .action = session_.action_count(),
                            .call_site = to_string(action_.at()),
                            .partition_count = partition_count,
                            .record_count = vote.records_out,
                            .byte_count = vote.bytes_out});
        return std::string();
    });
}

}  // namespace serry
