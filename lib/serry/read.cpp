#include "serry/read.hpp"

#include "serry/base/error.hpp"
#include "serry/exec/table_files.hpp"

namespace serry {

Dataset<std::string_view> read_text(Context& context,
                                    std::vector<std::string> const& paths,
                                    std::uint64_t partition_count,
                                    CallSite at) {
    Session& session = context.session();
    return {session, open_text(session, paths, "read_text", partition_count, at)};
}

Dataset<std::string_view> read_text(Context& context,
                                    std::string const& path,
                                    std::uint64_t partition_count,
                                    CallSite at) {
    return read_text(context, std::vector<std::string>{path}, partition_count, at);
}

Dataset<std::int64_t> iota(Context& context,
                           std::uint64_t record_count,
                           std::uint64_t partition_count,
                           CallSite at) {
    Session& session = context.session();
    return {session,
            std::make_shared<IotaSource>(session.lineage(), at, record_count, partition_count)};
}

Dataset<std::int64_t> range(Context& context,
                            std::int64_t begin,
                            std::int64_t end,
                            std::int64_t step,
                            std::uint64_t partition_count,
                            CallSite at) {
    if (step == 0)
        throw UsageError("range (" + to_string(at)
                         + "): the step is 0, expected another number; 1 counts upwards");
    Session& session = context.session();
    NumberRange const numbers{
        .begin = begin, .step = step, .count = count_in_range(begin, end, step)};
    return {session, std::make_shared<IotaSource>(session.lineage(), at, numbers, partition_count)};
}

}  // namespace serry
