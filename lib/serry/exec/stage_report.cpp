#include "serry/exec/stage_report.hpp"

#include <array>
#include <string_view>

#include <fmt/format.h>
#include <mpi.h>

#include "serry/base/build_info.hpp"
#include "serry/base/json_text.hpp"
#include "serry/base/text_table.hpp"
#include "serry/base/units.hpp"

namespace serry {
namespace {

/// From so much skew on it is told what may help; of fewer records it costs nothing.
constexpr double much_skew = 1.5;
constexpr double many_records_a_rank = 100'000;

bool is_uneven(StageReport const& report, int rank_count) {
    return report.plan.ends_in_exchange && report.vote.records.skew(rank_count) > much_skew
           && report.vote.records.sum > many_records_a_rank * rank_count;
}

std::vector<std::string> row_of(StageReport const& report, int rank_count) {
    Vote const& vote = report.vote;
    auto const bytes_or_dash = [](std::uint64_t bytes) {
        return bytes ? format_bytes(bytes) : "-";
    };
    return {std::to_string(report.plan.number),
            format_count(report.plan.task_count()),
            format_count(vote.records_in),
            format_count(vote.records_out),
            bytes_or_dash(vote.bytes_in),
            bytes_or_dash(vote.bytes_sent),
            bytes_or_dash(vote.spilled_bytes),
            bytes_or_dash(vote.bytes_out),
            format_seconds(vote.seconds.largest),
            fmt::format("{:.2f}", vote.records.skew(rank_count)),
            report.plan.name};
}

}  // namespace

std::string stage_table(std::vector<StageReport> const& reports, int rank_count) {
    TextTable rows{{"stage", "tasks", "records in", "records out", "read", "exchanged", "spilled",
                    "written", "time", "skew", "steps"}};
    for (StageReport const& report : reports) rows.push_back(row_of(report, rank_count));
    std::string text = to_text(rows);
    for (StageReport const& report : reports)
        if (report.vote.bad_lines > 0)
            text += fmt::format("stage {}: {} bad lines were left out\n", report.plan.number,
                                format_count(report.vote.bad_lines));
    for (StageReport const& report : reports)
        if (is_uneven(report, rank_count))
            text += fmt::format(
                "stage {}: a rank took in {:.1f} times the mean: a few keys have most of the "
                "records; "
                "reduce_by_key, broadcast_join and skewed_join spread them\n",
                report.plan.number, report.vote.records.skew(rank_count));
    return text;
}

std::string stage_event(StagePlan const& plan,
                        Vote const& own,
                        std::string const& route,
                        int rank,
                        std::string const& node,
                        std::string const& job_id) {
    return fmt::format(
        R"({{"event":"stage","job":{},"stage":{},"steps":{},"rank":{},"node":{},"tasks_of_stage":{},)"
        R"("records_in":{},"records_out":{},"bytes_in":{},"bytes_out":{},"bad_lines":{},"bytes_sent":{},"bytes_received":{},)"
        R"("records_sent":{},"records_received":{},"spilled_bytes":{},"rounds":{},"peak_exchange_bytes":{},)"
        R"("route":{},"messages_across":{},"bytes_across":{},"control_bytes":{},)"
        R"("seconds":{:.6f},"task_seconds":{:.6f},"exchange_seconds":{:.6f},"wait_seconds":{:.6f}}})"
        "\n",
        json_text(job_id), plan.number, json_text(plan.name), rank, json_text(node),
        plan.task_count(), own.records_in, own.records_out, own.bytes_in, own.bytes_out,
        own.bad_lines, own.bytes_sent, own.bytes_received, own.records_sent, own.records_received,
        own.spilled_bytes, own.rounds, own.peak_exchange_bytes, json_text(route),
        own.messages_across, own.bytes_across, own.control_bytes, own.seconds.sum,
        own.task_seconds.sum, own.exchange_seconds.sum, own.wait_seconds.sum);
}

std::string checkpoint_event(StagePlan const& plan,
                             double seconds,
                             std::uint64_t byte_count,
                             std::string const& job_id) {
    return fmt::format(R"({{"event":"checkpoint","job":{},"stage":{},"seconds":{:.6f},"bytes":{}}})"
                       "\n",
                       json_text(job_id), plan.number, seconds, byte_count);
}

std::string job_event(std::string const& job_id,
                      int rank_count,
                      std::uint64_t memory_bytes,
                      double seconds) {
    std::array<char, MPI_MAX_LIBRARY_VERSION_STRING> mpi{};
    int size = 0;
    MPI_Get_library_version(mpi.data(), &size);
    // "Open MPI v4.1.4, package: ..., built where and when".
    std::string_view const text(mpi.data(), static_cast<std::size_t>(size));
    return fmt::format(R"({{"event":"job","job":{},"ranks":{},"memory_bytes":{},"seconds":{:.6f},)"
                       R"("build":{},"mpi":{}}})"
                       "\n",
                       json_text(job_id), rank_count, memory_bytes, seconds,
                       json_text(build_info()),
                       json_text(text.substr(0, text.find_first_of(",\n"))));
}

}  // namespace serry
