#include "serry/source/text_source.hpp"

#include <utility>

#include "serry/base/error.hpp"
#include "serry/base/hash.hpp"
#include "serry/source/file_listing.hpp"
#include "serry/source/file_splits.hpp"
#include "serry/source/line_reader.hpp"

namespace serry {
namespace {}  // namespace

TextSource::TextSource(Lineage& lineage,
                       std::vector<std::string> patterns,
                       CallSite at,
                       std::uint64_t partition_count,
                       std::string name)
    : TypedTransformation(lineage,
                          {.name = std::move(name),
                           .at = at,
                           .dependency = Dependency::none,
                           .parents = {},
                           .argument_fingerprint = fingerprint_of(patterns),
                           .partition_count = partition_count}),
      patterns_(std::move(patterns)) {}

SplitList TextSource::list_splits(SplitRequest const& request) const {
    if (patterns_.empty()) throw UsageError(label() + ": no path was given; expected one or more");
    return cut_files(list_files(patterns_), request.partition_count);
}

void TextSource::attach(Pipeline& pipeline, Consumer<std::string_view>& next) {
    pipeline.add_head<LineReader>(*this, next);
}

void TextSource::attach(Pipeline& pipeline,
                        Consumer<std::string_view>& next,
                        SplitListener& listener) {
    pipeline.add_head<LineReader>(*this, next, &listener);
}

}  // namespace serry
