#include "serry/read_csv.hpp"

#include "serry/exec/table_files.hpp"
#include "serry/source/quote_counts.hpp"

namespace serry {
namespace {

/// Find out which splits begin inside of quotes. A job of its own: counting the quotes of all that
/// lies before a split takes the whole file, so that each rank counts those of its splits, and all
/// tell each other.
void find_quotes(Session& session,
                 std::shared_ptr<TextSource> const& source,
                 char quote,
                 CallSite at) {
    auto const counts = std::make_shared<QuoteCounts>(session.lineage(), at, source, quote);
    Dataset<SplitQuotes> const dataset(session, counts);
    auto const found = dataset.collect(at).to_vector();
    source->set_splits(counts->splits());
    source->set_quote(quote, begins_quoted(counts->splits(), found));
}

}  // namespace

std::shared_ptr<TextSource> open_csv(Context& context,
                                     std::vector<std::string> const& paths,
                                     CsvOptions const& options,
                                     CallSite at) {
    check_options(options, "read_csv (" + to_string(at) + ')');
    Session& session = context.session();
    auto source = open_text(session, paths, "read_csv", options.partition_count, at);
    prepare_bad_lines(session, source, options.bad_lines, options.bad_lines_folder, at);
    if (options.quoted_newlines && options.quote != 0)
        find_quotes(session, source, options.quote, at);
    return source;
}

}  // namespace serry
