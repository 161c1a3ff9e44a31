#include "serry/whole_files.hpp"

#include <memory>
#include <utility>

namespace serry {

Dataset<WholeFile> read_whole_files(Context& context,
                                    std::vector<std::string> const& paths,
                                    std::uint64_t partition_count,
                                    CallSite at) {
    Session& session = context.session();
    auto source = std::make_shared<WholeFileSource>(session.lineage(), paths, at, partition_count);
    source->set_file_limit_bytes(session.options().memory_bytes / 4);
    return {session, std::move(source)};
}

Dataset<WholeFile> read_whole_files(Context& context,
                                    std::string const& path,
                                    std::uint64_t partition_count,
                                    CallSite at) {
    return read_whole_files(context, std::vector<std::string>{path}, partition_count, at);
}

}  // namespace serry
