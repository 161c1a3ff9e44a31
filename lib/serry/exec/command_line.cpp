#include "serry/exec/command_line.hpp"

#include <CLI/CLI.hpp>
#include <deque>
#include <sstream>

#include "serry/base/error.hpp"

namespace serry {
namespace {

std::vector<std::string> words_of(std::string const& text) {
    std::istringstream stream(text);
    std::vector<std::string> words;
    for (std::string word; stream >> word;) words.push_back(word);
    return words;
}

bool is_repeated(std::string const& word) { return word.size() > 3 && word.ends_with("..."); }

void check_argument_count(CommandLineSpec const& spec, std::size_t given) {
    auto const expected = words_of(spec.arguments);
    bool const is_open = !expected.empty() && is_repeated(expected.back());
    if (given >= expected.size() && (is_open || given == expected.size())) return;
    throw UsageError(spec.program + ": expected the arguments \"" + spec.arguments + "\", got "
                     + std::to_string(given) + "; " + spec.program + " --help shows all");
}

/// The options that every program has. Their texts are kept until parsing is over.
struct CommonOptions {
    std::string memory, scratch, partitions, events;
    bool overwrite = false;
    bool quiet = false;

    void add_to(CLI::App& app) {
        app.add_option("--partitions", partitions, "cut inputs and shuffles into N partitions (default: by the input's bytes)")
            ->type_name("N");
        app.add_option("--memory", memory, "memory that each rank may use, such as 4g (default: its share of the node's)")
            ->type_name("BYTES");
        app.add_option("--scratch", scratch, "folder on a local disk for what does not fit into memory (default: /tmp)")
            ->type_name("DIR");
        app.add_flag("--overwrite", overwrite, "replace an output that exists");
        app.add_option("--events", events, "append a line of JSON for each stage and rank to FILE")->type_name("FILE");
        app.add_flag("--quiet", quiet, "print no table of stages and no progress");
    }

    void apply(Options& options) const {
        if (!memory.empty()) options.memory_bytes = bytes_option("--memory", memory);
        if (!scratch.empty()) options.scratch = scratch;
        if (!partitions.empty()) options.partition_count = count_option("--partitions", partitions);
        if (!events.empty()) options.events = events;
        options.overwrite = options.overwrite || overwrite;
        options.quiet = options.quiet || quiet;
        if (options.quiet) options.progress = "off";
    }
};

std::string usage_of(CommandLineSpec const& spec) {
    return spec.program + ' ' + spec.arguments + (spec.arguments.empty() ? "" : " ") + "[options]";
}

/// CLI11's help, with a usage line that shows how such a program is started.
class HelpFormat final : public CLI::Formatter {
public:
    explicit HelpFormat(std::string usage) : usage_(std::move(usage)) { column_width(24); }
    std::string make_usage(CLI::App const*, std::string) const override {
        return "\nusage: mpirun -np RANKS " + usage_ + "\n";
    }

private:
    std::string usage_;
};

}  // namespace

CommandLine read_command_line(int argc, char const* const* argv, CommandLineSpec const& spec) {
    CLI::App app(spec.summary, spec.program);
    app.formatter(std::make_shared<HelpFormat>(usage_of(spec)));
    CommandLine line;
    line.options = options_from_environment();
    app.add_option("arguments", line.arguments)->group("");
    struct Own {
        CLI::Option* option;
        std::string name;
        std::string value;
        bool flag = false;
    };
    std::deque<Own> own;
    for (OptionSpec const& option : spec.options) {
        Own& kept = own.emplace_back();
        kept.name = option.name;
        kept.option = option.value_name.empty() ? app.add_flag(option.name, kept.flag, option.help)
                                                : app.add_option(option.name, kept.value, option.help)
                                                      ->type_name(option.value_name);
    }
    CommonOptions common;
    common.add_to(app);
    try {
        app.parse(argc, argv);
    } catch (CLI::CallForHelp const&) {
        line.answer = app.help();
        return line;
    } catch (CLI::ParseError const& error) {
        throw UsageError(spec.program + ": " + error.what() + "; expected " + usage_of(spec) + "; --help shows all");
    }
    for (Own const& kept : own)
        if (kept.option->count() > 0) line.given.push_back({kept.name, kept.value});
    common.apply(line.options);
    check_argument_count(spec, line.arguments.size());
    return line;
}

}  // namespace serry
