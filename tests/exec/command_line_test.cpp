#include "serry/exec/command_line.hpp"

#include <cstdlib>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "sink/thrown.hpp"

using namespace serry;
using namespace serry::test;

namespace {

CommandLineSpec const word_count{.program = "word_count",
                                 .summary = "Count words.",
                                 .arguments = "INPUT...",
                                 .options = {{"--output", "DIR", "write to DIR"},
                                             {"--top", "N", "print N"},
                                             {"--lowercase", "", "fold"}}};

CommandLine read(std::vector<char const*> words, CommandLineSpec const& spec = word_count) {
    words.insert(words.begin(), "bin/word_count");
    return read_command_line(static_cast<int>(words.size()), words.data(), spec);
}

std::string refusal(std::vector<char const*> const& words,
                    CommandLineSpec const& spec = word_count) {
    return thrown([&] { read(words, spec); });
}

/// While it lives, the environment holds a variable.
class Variable {
public:
    Variable(char const* name, char const* value) : name_(name) { setenv(name, value, 1); }
    ~Variable() { unsetenv(name_); }
    Variable(Variable const&) = delete;
    Variable& operator=(Variable const&) = delete;

private:
    char const* name_;
};

CommandLineSpec with_arguments(std::string const& arguments) {
    return {.program = "join", .summary = "", .arguments = arguments, .options = {}};
}

}  // namespace

TEST_CASE("nothing given leaves the defaults") {
    CommandLine const line = read({"in"});
    CHECK(line.arguments == std::vector<std::string>{"in"});
    CHECK(line.given.empty());
    CHECK_FALSE(line.answer);
    CHECK(line.options.memory_bytes == 0);
    CHECK(line.options.scratch == "/tmp");
    CHECK(line.options.partition_count == 0);
    CHECK_FALSE(line.options.overwrite);
    CHECK_FALSE(line.options.quiet);
    CHECK(line.options.events == "");
    CHECK(line.options.progress == "auto");
    CHECK(line.options.collect_limit_bytes == std::uint64_t{1} << 30);
    CHECK(line.options.table_slots == 0);
    CHECK(line.options.round_bytes == 0);
}

TEST_CASE("options may stand anywhere, with a blank or an equals sign") {
    for (auto const& words : std::vector<std::vector<char const*>>{
             {"--memory", "2g", "--scratch", "/s", "--partitions", "5", "--overwrite", "--quiet",
              "--events", "e", "--top", "3", "--lowercase", "a", "b"},
             {"a", "--memory=2g", "--scratch=/s", "--partitions=5", "--lowercase", "b",
              "--overwrite", "--quiet", "--events=e", "--top=3"}}) {
        CommandLine const line = read(words);
        CHECK(line.arguments == std::vector<std::string>{"a", "b"});
        CHECK(line.options.memory_bytes == std::uint64_t{2} << 30);
        CHECK(line.options.scratch == "/s");
        CHECK(line.options.partition_count == 5);
        CHECK(line.options.overwrite);
        CHECK(line.options.quiet);
        CHECK(line.options.progress == "off");
        CHECK(line.options.events == "e");
        REQUIRE(line.given.size() == 2);
        CHECK(line.given[0].name == "--top");
        CHECK(line.given[0].value == "3");
        CHECK(line.given[1].name == "--lowercase");
        CHECK(line.given[1].value == "");
    }
}

TEST_CASE("options of checkpoints") {
    Options const options =
        read({"in", "--checkpoint", "c", "--checkpoint-every=90s", "--checkpoint-compression",
              "lz4", "--mtbf", "2h", "--resume", "require", "--hang-timeout", "1m"})
            .options;
    CHECK(options.checkpoint == "c");
    CHECK(options.checkpoint_every == "90s");
    CHECK(options.checkpoint_compression == "lz4");
    CHECK(options.mtbf_seconds == 7200);
    CHECK(options.resume == "require");
    CHECK(options.hang_seconds == 60);
    Options const none = read({"in"}).options;
    CHECK(none.checkpoint.empty());
    CHECK(none.checkpoint_every == "auto");
    CHECK(none.mtbf_seconds == 86400);
    CHECK(none.hang_seconds == 0);
    CHECK(thrown([] {
              read({"in", "--resume", "require"});
          })
          == "UsageError 2: --resume require: needs --checkpoint, the folder to go on from");
    CHECK(thrown([] {
              read({"in", "--resume", "never"});
          })
          == "UsageError 2: --resume: \"never\" is unknown; expected auto, fresh or require");
    CHECK(thrown([] { read({"in", "--checkpoint-every", "often"}); })
          == "UsageError 2: --checkpoint-every: \"often\" is unknown; expected auto, stage, or a time "
             "like 90s or 15m");
}

TEST_CASE("behind -- all words are arguments") {
    CHECK(read({"--", "--quiet", "-x"}).arguments == std::vector<std::string>{"--quiet", "-x"});
}

TEST_CASE("the environment sets what no option sets") {
    Variable const memory("SERRY_MEMORY", "1MiB");
    Variable const scratch("SERRY_SCRATCH", "/from/environment");
    Variable const partitions("SERRY_PARTITIONS", "7");
    Variable const overwrite("SERRY_OVERWRITE", "1");
    Variable const limit("SERRY_COLLECT_LIMIT", "9");
    Variable const slots("SERRY_TABLE_SLOTS", "16");
    Variable const round("SERRY_ROUND_BYTES", "2k");
    Variable const route("SERRY_ROUTE", "three-hop");
    Variable const direct("SERRY_DIRECT_BYTES", "64k");
    Variable const per_node("SERRY_RANKS_PER_NODE", "4");
    Variable const progress("SERRY_PROGRESS", "bar");
    Variable const events("SERRY_EVENTS", "from-environment");

    Options const environment = read({"in"}).options;
    CHECK(environment.memory_bytes == std::uint64_t{1} << 20);
    CHECK(environment.scratch == "/from/environment");
    CHECK(environment.partition_count == 7);
    CHECK(environment.overwrite);
    CHECK(environment.collect_limit_bytes == 9);
    CHECK(environment.table_slots == 16);
    CHECK(environment.round_bytes == 2048);
    CHECK(environment.route == "three-hop");
    CHECK(environment.direct_bytes == 65536);
    CHECK(environment.ranks_per_node == 4);
    CHECK(environment.progress == "bar");
    CHECK_FALSE(environment.quiet);
    CHECK(environment.events == "from-environment");

    Options const both = read({"in", "--memory", "5", "--scratch", "/option", "--partitions", "8",
                               "--events", "option", "--route", "sparse", "--quiet"})
                             .options;
    CHECK(both.memory_bytes == 5);
    CHECK(both.scratch == "/option");
    CHECK(both.partition_count == 8);
    CHECK(both.events == "option");
    CHECK(both.route == "sparse");
    CHECK(both.overwrite);
    CHECK(both.progress == "off");
    CHECK(both.collect_limit_bytes == 9);
}

TEST_CASE("SERRY_QUIET is --quiet") {
    Variable const quiet("SERRY_QUIET", "yes");
    Options const options = read({"in"}).options;
    CHECK(options.quiet);
    CHECK(options.progress == "off");
}

TEST_CASE("a variable that is wrong is told even if an option overrides it") {
    Variable const memory("SERRY_MEMORY", "much");
    CHECK(refusal({"in", "--memory", "1g"})
          == "UsageError 2: SERRY_MEMORY: \"much\" is no number of bytes; expected one like 512MiB or 2g");
}

TEST_CASE("help says it all") {
    for (char const* word : {"--help", "-h"}) {
        CommandLine const line = read({"in", word});
        REQUIRE(line.answer);
        CHECK(*line.answer
              == "Count words.\n"
                 "\n"
                 "usage: mpirun -np RANKS word_count INPUT... [options]\n"
                 "\n"
                 "Options:\n"
                 "  -h,--help             Print this help message and exit\n"
                 "  --output DIR          write to DIR\n"
                 "  --top N               print N\n"
                 "  --lowercase           fold\n"
                 "  --partitions N        cut inputs and shuffles into N partitions (default: by the "
                 "input's bytes)\n"
                 "  --memory BYTES        memory that each rank may use, such as 4g (default: its share "
                 "of the node's)\n"
                 "  --scratch DIR         folder on a local disk for what does not fit into memory "
                 "(default: /tmp)\n"
             "  --route HOW           how exchanges travel: auto (default), flat, direct, two-hop, "
             "three-hop or sparse; results are the same\n"
                 "  --overwrite           replace an output that exists\n"
                 "  --events FILE         append a line of JSON for each stage and rank to FILE\n"
                 "  --quiet               print no table of stages and no progress\n"
          "  --checkpoint DIR      commit results of stages to DIR, which all nodes share; run "
          "again, the job goes on from there\n"
          "  --checkpoint-every WHEN\n"
          "                        stage, a time like 10m, or auto (default): by what it costs and "
          "--mtbf\n"
          "  --checkpoint-compression HOW\n"
          "                        none (default), lz4 or zstd\n"
          "  --mtbf TIME           how often something fails that ends the job (default: 24h)\n"
          "  --hang-timeout TIME   end the job when a rank has done nothing for so long (default: "
          "off)\n"
          "  --resume HOW          auto (default): go on from --checkpoint if this job was there; "
          "fresh: start over; require: go on, or refuse\n");
    }
}

TEST_CASE("help needs neither arguments nor a sound environment") {
    Variable const memory("SERRY_MEMORY", "much");
    CHECK(read({"--help"}).answer);
}

TEST_CASE("wrong values are refused, by the option's name") {
    CHECK(refusal({"in", "--memory", "x"})
          == "UsageError 2: --memory: \"x\" is no number of bytes; expected one like 512MiB or 2g");
    CHECK(
        refusal({"in", "--memory", "-5"})
        == "UsageError 2: --memory: \"-5\" is no number of bytes; expected one like 512MiB or 2g");
    CHECK(refusal({"in", "--memory", ""})
          == "UsageError 2: --memory: \"\" is no number of bytes; expected one like 512MiB or 2g");
    CHECK(refusal({"in", "--partitions", "-1"})
          == "UsageError 2: --partitions: \"-1\" is no count; expected a whole number from 0 on");
    CHECK(refusal({"in", "--partitions", "1e3"})
          == "UsageError 2: --partitions: \"1e3\" is no count; expected a whole number from 0 on");
    CHECK(refusal({"in", "--partitions", "99999999999999999999"})
          == "UsageError 2: --partitions: \"99999999999999999999\" is no count; expected a whole "
             "number from 0 on");
    CHECK(refusal({"in", "--scratch", ""})
          == "UsageError 2: --scratch: nothing given; expected a path");
    CHECK(refusal({"in", "--events", ""})
          == "UsageError 2: --events: nothing given; expected a path");
}

TEST_CASE("wrong variables are refused, by their names") {
    auto const with = [](char const* name, char const* value) {
        Variable const variable(name, value);
        return refusal({"in"});
    };
    CHECK(with("SERRY_PARTITIONS", "many")
          == "UsageError 2: SERRY_PARTITIONS: \"many\" is no count; expected a whole number from 0 on");
    CHECK(with("SERRY_OVERWRITE", "maybe")
          == "UsageError 2: SERRY_OVERWRITE: \"maybe\" is neither yes nor no; expected 1 or 0");
    CHECK(with("SERRY_PROGRESS", "loud")
          == "UsageError 2: SERRY_PROGRESS: \"loud\" is unknown; expected auto, bar, lines or off");
    CHECK(with("SERRY_SCRATCH", "")
          == "UsageError 2: SERRY_SCRATCH: nothing given; expected a path");
}

TEST_CASE("options that are unknown, twice given or lack their value are refused") {
    std::string const end = "; expected word_count INPUT... [options]; --help shows all";
    CHECK(refusal({"in", "--wrong"})
          == "UsageError 2: word_count: The following argument was not expected: --wrong" + end);
    CHECK(refusal({"in", "-x"})
          == "UsageError 2: word_count: The following argument was not expected: -x" + end);
    CHECK(refusal({"in", "--top"})
          == "UsageError 2: word_count: --top: 1 required N missing" + end);
    CHECK(refusal({"in", "--memory", "1g", "--memory", "2g"})
          == "UsageError 2: word_count: --memory: At Most 1 required but received 2" + end);
    CHECK(refusal({"in", "--quiet=no"})
          == "UsageError 2: word_count: quiet was given a disallowed flag override" + end);
}

TEST_CASE("the number of arguments is what the program expects") {
    CHECK(refusal({})
          == "UsageError 2: word_count: expected the arguments \"INPUT...\", got 0; word_count --help "
             "shows all");
    CHECK(read({"a", "b", "c"}).arguments.size() == 3);
    CHECK(refusal({"a"}, with_arguments("LEFT RIGHT"))
          == "UsageError 2: join: expected the arguments \"LEFT RIGHT\", got 1; join --help shows all");
    CHECK(refusal({"a", "b", "c"}, with_arguments("LEFT RIGHT"))
          == "UsageError 2: join: expected the arguments \"LEFT RIGHT\", got 3; join --help shows all");
    CHECK(read({"a", "b"}, with_arguments("LEFT RIGHT")).arguments.size() == 2);
    CHECK(refusal({"a"}, with_arguments("OUTPUT INPUT..."))
          == "UsageError 2: join: expected the arguments \"OUTPUT INPUT...\", got 1; join --help shows "
             "all");
    CHECK(read({"a", "b", "c"}, with_arguments("OUTPUT INPUT...")).arguments.size() == 3);
}

TEST_CASE("a program without arguments takes none") {
    CHECK(read({}, with_arguments("")).arguments.empty());
    CHECK(refusal({"a"}, with_arguments(""))
          == "UsageError 2: join: expected no arguments, got 1; join --help shows all");
}

TEST_CASE("a program cannot declare an option that all programs have") {
    CommandLineSpec spec = with_arguments("");
    spec.options = {{"--memory", "BYTES", "mine"}};
    CHECK(refusal({}, spec)
          == "UsageError 2: join: its source declares an option that cannot be: added option matched "
             "existing option name: memory is already added; it must differ from those of --help");
}
