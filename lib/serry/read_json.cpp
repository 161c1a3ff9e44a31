#include "serry/read_json.hpp"

#include "serry/exec/table_files.hpp"

namespace serry {

std::shared_ptr<TextSource> open_json_lines(Context& context,
                                            std::vector<std::string> const& paths,
                                            JsonOptions const& options,
                                            CallSite at) {
    Session& session = context.session();
    auto source = open_text(session, paths, "read_json_lines", options.partition_count, at);
    prepare_bad_lines(session, source, options.bad_lines, options.bad_lines_folder, at);
    return source;
}

}  // namespace serry
