#include "serry/checkpoint/manifest.hpp"

#include <string>

#include <doctest/doctest.h>

#include "serry/checkpoint/durable_file.hpp"

using namespace serry;

namespace {

Manifest sample() {
    return {.number = 12,
            .job = "65a3f-1f",
            .attempt = 3,
            .stage = 7,
            .step_id = 4,
            .step = "reduce_by_key (word_count.cpp:19)",
            .fingerprint = 0x00ff00ff12345678,
            .input = 1,
            .in_place = {0, 1},
            .placement = {2, 1},
            .packs = {{0, 1234, 0xabcdef}, {5, 99, 1}},
            .partitions = {{0, 0, 10, 100}, {1, 0, 20, 200}, {1, 1, 0, 0}}};
}

std::string replaced(std::string text, std::string const& from, std::string const& to) {
    return text.replace(text.find(from), from.size(), to);
}

}  // namespace

TEST_CASE("a manifest reads as it is explained, and reads back") {
    std::string const text = to_text(sample());
    CHECK(text
          == "serry_checkpoint 1\nnumber 12\njob 65a3f-1f\nattempt 3\nstage 7\nstep_id 4\n"
             "step reduce_by_key (word_count.cpp:19)\nfingerprint 00ff00ff12345678\ninput 1\n"
             "in_place 0 1\nplacement 2 1\npack 0 1234 0000000000abcdef\n"
             "pack 5 99 0000000000000001\npartition 0 0 10 100\npartition 1 0 20 200\n"
             "partition 1 1 0 0\nchecksum "
                 + text.substr(text.rfind(' ') + 1));
    CHECK(manifest_from_text(text) == sample());
    CHECK(sample().file_bytes() == 1333);
    CHECK(sample().record_count() == 30);
    CHECK(sample().pack_id(1) == PackId{"65a3f-1f", 12, 3, 5});
}

TEST_CASE("a step that holds nothing in place, and a checkpoint without partitions") {
    Manifest manifest = sample();
    manifest.in_place.clear();
    manifest.placement = {0};
    manifest.partitions.clear();
    CHECK(manifest_from_text(to_text(manifest)) == manifest);
}

TEST_CASE("every change of a byte, and every cut, makes it none") {
    std::string const text = to_text(sample());
    for (std::size_t i = 0; i < text.size(); ++i) {
        std::string changed = text;
        changed[i] = static_cast<char>(changed[i] ^ 1);
        CHECK_FALSE(manifest_from_text(changed).has_value());
        CHECK_FALSE(manifest_from_text(text.substr(0, i)).has_value());
    }
    CHECK_FALSE(manifest_from_text(text + "\n").has_value());
}

TEST_CASE("parts that do not fit together make it none, whatever the checksum says") {
    std::string const text = to_text(sample());
    std::string const lines = text.substr(0, text.rfind("checksum"));
    CHECK(manifest_from_text(with_checksum(lines)) == sample());
    CHECK_FALSE(manifest_from_text(with_checksum(replaced(lines, "partition 1 1 0 0\n", ""))));
    CHECK_FALSE(
        manifest_from_text(with_checksum(replaced(lines, "partition 1 1", "partition 2 1"))));
    CHECK_FALSE(manifest_from_text(with_checksum(replaced(lines, "checkpoint 1", "checkpoint 2"))));
    CHECK_FALSE(manifest_from_text(with_checksum(lines + "more 1\n")));
}
