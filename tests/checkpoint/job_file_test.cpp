#include "serry/checkpoint/job_file.hpp"

#include <string>

#include <doctest/doctest.h>

using namespace serry;

namespace {

JobIdentity const identity{"word_count",
                           0xabc,
                           4,
                           {"a b.txt", "line\nbreak \\n"},
                           {"--top=10", "--lowercase="}};

}  // namespace

TEST_CASE("a job's file reads as it is explained, and reads back") {
    JobFile const job{"65a3f-1f", 3, identity};
    std::string const text = to_text(job);
    CHECK(
        text.starts_with("serry_job 1\njob 65a3f-1f\nattempt 3\nprogram word_count\n"
                         "binary 0000000000000abc\npartitions 4\nargument a b.txt\n"
                         "argument line\\nbreak \\\\n\noption --top=10\noption --lowercase=\n"
                         "checksum "));
    CHECK(job_file_from_text(text) == job);
    for (std::size_t i = 0; i < text.size(); ++i) {
        CHECK_FALSE(job_file_from_text(text.substr(0, i)).has_value());
        std::string changed = text;
        changed[i] = static_cast<char>(changed[i] ^ 2);
        CHECK_FALSE(job_file_from_text(changed).has_value());
    }
}

TEST_CASE("what is different between two jobs is told") {
    CHECK(differences(identity, identity).empty());
    JobIdentity other = identity;
    other.binary_hash = 1;
    CHECK(differences(identity, other) == "the file of the program word_count has changed");
    other = identity;
    other.partition_count = 8;
    other.arguments.pop_back();
    other.options[0] = "--top=20";
    CHECK(differences(identity, other)
          == "--partitions was 4 and is 8, argument 2 was \"line\nbreak \\n\" and is missing, "
             "option 1 was \"--top=10\" and is \"--top=20\"");
    other = identity;
    other.program = "join";
    CHECK(differences(identity, other) == "the program was word_count and is join");
}

TEST_CASE("the running program has a hash, always the same") {
    CHECK(hash_of_this_program() != 0);
    CHECK(hash_of_this_program() == hash_of_this_program());
}
