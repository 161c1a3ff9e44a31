#include "serry/exec/table_files.hpp"

#include "serry/exec/action_step.hpp"
#include "serry/exec/checkpoints.hpp"

namespace serry {

std::shared_ptr<TextSource> open_text(Session& session,
                                      std::vector<std::string> const& paths,
                                      char const* name,
                                      std::uint64_t partition_count,
                                      CallSite at) {
    auto source = std::make_shared<TextSource>(session.lineage(), paths, at, partition_count, name);
    // A line is held once by the reader, and may be held once more by what is made of it.
    source->set_line_limit_bytes(session.options().memory_bytes / 4);
    return source;
}

void prepare_bad_lines(Session& session,
                       std::shared_ptr<TextSource> const& source,
                       BadLines what,
                       std::string const& folder,
                       CallSite at) {
    if (what != BadLines::keep) return;
    ActionStep const action(session, source, "keep_bad_lines", at);
    action.result([&] {
        session.on_rank_0([&] {
            // An attempt before may have made it, and died.
            bool const is_ours = session.checkpoints() && session.checkpoints()->attempt() > 1;
            make_bad_lines_folder(folder, is_ours || session.options().overwrite);
            return std::string();
        });
    });
}

}  // namespace serry
