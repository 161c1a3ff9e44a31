#include "serry/exec/command_line.hpp"

#include <deque>
#include <memory>
#include <sstream>
#include <utility>

#include <CLI/CLI.hpp>

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
    std::string const wanted =
        expected.empty() ? "no arguments" : "the arguments \"" + spec.arguments + '"';
    throw UsageError(spec.program + ": expected " + wanted + ", got " + std::to_string(given) + "; "
                     + spec.program + " --help shows all");
}

/// An option whose value, or whether it was given, is looked at when parsing is over.
struct Slot {
    CLI::Option* option = nullptr;
    std::string name;
    std::string value;
    bool flag = false;

    bool is_given() const { return option->count() > 0; }

    /// An empty `value_name` makes a flag. Stays where it is until parsing is over.
    void add_to(CLI::App& app, OptionSpec const& spec) {
        name = spec.name;
        if (spec.value_name.empty())
            option = app.add_flag(name, flag, spec.help)->disable_flag_override();
        else
            option = app.add_option(name, value, spec.help)->type_name(spec.value_name);
    }
};

/// The options that every program has.
struct CommonOptions {
    Slot partitions, memory, scratch, route, overwrite, events, quiet;
    Slot checkpoint, checkpoint_every, checkpoint_compression, mtbf, resume, hang_timeout;

    void add_to(CLI::App& app) {
        partitions.add_to(
            app, {"--partitions", "N",
                  "cut inputs and shuffles into N partitions (default: by the input's bytes)"});
        memory.add_to(
            app, {"--memory", "BYTES",
                  "memory that each rank may use, such as 4g (default: its share of the node's)"});
        scratch.add_to(
            app, {"--scratch", "DIR",
                  "folder on a local disk for what does not fit into memory (default: /tmp)"});
        route.add_to(app, {"--route", "HOW",
                           "how exchanges travel: auto (default), flat, direct, two-hop, "
                           "three-hop or sparse; results are the same"});
        overwrite.add_to(app, {"--overwrite", "", "replace an output that exists"});
        events.add_to(
            app, {"--events", "FILE", "append a line of JSON for each stage and rank to FILE"});
        quiet.add_to(app, {"--quiet", "", "print no table of stages and no progress"});
        add_checkpoint_options(app);
    }

    void add_checkpoint_options(CLI::App& app) {
        checkpoint.add_to(app,
                          {"--checkpoint", "DIR",
                           "commit results of stages to DIR, which all nodes share; run again, "
                           "the job goes on from there"});
        checkpoint_every.add_to(app, {"--checkpoint-every", "WHEN",
                                      "stage, a time like 10m, or auto (default): by what it "
                                      "costs and --mtbf"});
        checkpoint_compression.add_to(
            app, {"--checkpoint-compression", "HOW", "none (default), lz4 or zstd"});
        mtbf.add_to(
            app, {"--mtbf", "TIME", "how often something fails that ends the job (default: 24h)"});
        hang_timeout.add_to(app, {"--hang-timeout", "TIME",
                                  "end the job when a rank has done nothing for so long (default: "
                                  "off)"});
        resume.add_to(app, {"--resume", "HOW",
                            "auto (default): go on from --checkpoint if this job was there; fresh: "
                            "start over; require: go on, or refuse"});
    }

    void apply(Options& options) const {
        if (memory.is_given()) options.memory_bytes = bytes_option(memory.name, memory.value);
        if (scratch.is_given()) options.scratch = path_option(scratch.name, scratch.value);
        if (partitions.is_given())
            options.partition_count = partition_count_option(partitions.name, partitions.value);
        if (route.is_given()) options.route = word_option(route.name, route.value, route_words);
        if (events.is_given()) options.events = path_option(events.name, events.value);
        apply_checkpoint_options(options);
        options.overwrite = options.overwrite || overwrite.is_given();
        options.quiet = options.quiet || quiet.is_given();
        if (options.quiet) options.progress = "off";
    }

    void apply_checkpoint_options(Options& options) const {
        if (checkpoint.is_given())
            options.checkpoint = path_option(checkpoint.name, checkpoint.value);
        if (checkpoint_every.is_given())
            options.checkpoint_every =
                checkpoint_every_option(checkpoint_every.name, checkpoint_every.value);
        if (checkpoint_compression.is_given())
            options.checkpoint_compression = word_option(
                checkpoint_compression.name, checkpoint_compression.value, compression_words);
        if (hang_timeout.is_given())
            options.hang_seconds = hang_seconds_option(hang_timeout.name, hang_timeout.value);
        if (mtbf.is_given()) options.mtbf_seconds = seconds_option(mtbf.name, mtbf.value);
        if (resume.is_given())
            options.resume = word_option(resume.name, resume.value, resume_words);
        if (options.resume == "require" && options.checkpoint.empty())
            throw UsageError("--resume require: needs --checkpoint, the folder to go on from");
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
    app.add_option("arguments", line.arguments)->group("");
    std::deque<Slot> own;
    CommonOptions common;
    try {
        for (OptionSpec const& option : spec.options) own.emplace_back().add_to(app, option);
        common.add_to(app);
        app.parse(argc, argv);
    } catch (CLI::CallForHelp const&) {
        std::string help = app.help();
        while (help.ends_with("\n\n")) help.pop_back();
        line.answer = std::move(help);
        return line;
    } catch (CLI::ConstructionError const& error) {
        throw UsageError(spec.program + ": its source declares an option that cannot be: "
                         + error.what() + "; it must differ from those of --help");
    } catch (CLI::ParseError const& error) {
        throw UsageError(spec.program + ": " + error.what() + "; expected " + usage_of(spec)
                         + "; --help shows all");
    }
    for (Slot const& option : own)
        if (option.is_given()) line.given.push_back({option.name, option.value});
    line.options = options_from_environment();
    common.apply(line.options);
    check_argument_count(spec, line.arguments.size());
    return line;
}

}  // namespace serry
