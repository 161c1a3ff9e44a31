#include "serry/source/hdf5_dataset.hpp"

#include <algorithm>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "serry/base/error.hpp"
#include "serry/source/hdf5_probe.hpp"
#include "source/hdf5_files.hpp"
#include "source/input_file.hpp"

using namespace serry;
using namespace serry::test;

namespace {

struct User {
    std::string_view name;
    double score = 0;
    std::string_view country;
    bool active = false;
};

/// What a file gives, as text: its values, or an InputError.
struct Outcome {
    bool is_error = false;
    std::string text;
};

Outcome outcome_of(std::string const& path, char const* name, Hdf5Record const& record) {
    Outcome outcome;
    try {
        InputFile const file = input_file(path);
        std::string const dataset_name = name;
        probe_hdf5({file}, dataset_name, record);
        Hdf5Dataset dataset(file, dataset_name, record);
        std::vector<char> rows(1000 * dataset.row_bytes());
        // A broken file may say that it has many rows.
        std::uint64_t const row_count = std::min<std::uint64_t>(dataset.row_count(), 20'000);
        for (std::uint64_t first = 0; first < row_count; first += 1000) {
            std::uint64_t const count = std::min<std::uint64_t>(1000, row_count - first);
            dataset.read(first, count, rows.data());
            for (std::uint64_t i = 0; i < count; ++i)
                for (Hdf5Column const& column : dataset.columns()) {
                    char const* const row = rows.data() + i * dataset.row_bytes();
                    outcome.text += column.text == Hdf5Column::Text::none
                                        ? std::string_view(row + column.offset, 1)
                                        : dataset.text(row, column);
                }
        }
        dataset.check();
    } catch (InputError const& error) {
        outcome = {true, error.what()};
    }
    return outcome;
}

struct Damage {
    int errors = 0;
    int unseen = 0;  ///< the same values
    int wrong = 0;   ///< other values
};

/// Damage a file in many ways and read it. No way may end the test.
template <typename Change>
Damage damage(std::string const& path, char const* name, Hdf5Record const& record, Change change) {
    TempDir const dir;
    std::string const intact = read_file(path);
    Outcome const expected = outcome_of(path, name, record);
    CHECK_FALSE(expected.is_error);
    Damage damage;
    for (std::uint32_t seed = 0; seed < 200; ++seed) {
        std::string bytes = intact;
        change(bytes, seed);
        write_file(dir / "damaged", bytes);
        Outcome const seen = outcome_of(dir / "damaged", name, record);
        if (seen.is_error)
            ++damage.errors;
        else
            ++(seen.text == expected.text ? damage.unseen : damage.wrong);
    }
    return damage;
}

void cut_off(std::string& bytes, std::uint32_t seed) {
    std::mt19937_64 random(seed);
    bytes.resize(random() % bytes.size());
}

void flip(std::string& bytes, std::uint32_t seed) {
    std::mt19937_64 random(seed);
    bytes[random() % bytes.size()] ^= static_cast<char>(1 << random() % 8);
}

}  // namespace

template <>
inline constexpr auto serry::field_names<User> = serry::names("name", "score", "country", "active");

TEST_CASE("a file that is cut off anywhere is an InputError") {
    auto const numbers = hdf5_record<std::int64_t>();
    auto const cut = [](char const* file, char const* name, Hdf5Record const& record) {
        CHECK(damage(hdf5_file(file), name, record, cut_off).errors == 200);
    };
    cut("small_users.h5", "/t/users", hdf5_record<User>());
    cut("small_words.h5", "/words", hdf5_record<std::string>());
    cut("small_plain.h5", "/plain", numbers);
    cut("small_checked.h5", "/checked", numbers);
    cut("small_latest.h5", "/checked", numbers);
}

TEST_CASE("a flipped bit is an InputError or goes unseen, and never ends the program") {
    auto const numbers = hdf5_record<std::int64_t>();
    auto const flipped = [](char const* file, char const* name, Hdf5Record const& record) {
        Damage const all = damage(hdf5_file(file), name, record, flip);
        CHECK(all.errors > 0);
        CHECK(all.unseen > 0);
    };
    flipped("small_users.h5", "/t/users", hdf5_record<User>());
    flipped("small_words.h5", "/words", hdf5_record<std::string>());
    flipped("small_plain.h5", "/plain", numbers);
    flipped("small_checked.h5", "/checked", numbers);
}

TEST_CASE("with checksums of structures and data every flipped bit that matters is an InputError") {
    auto const numbers = hdf5_record<std::int64_t>();
    Damage const all = damage(hdf5_file("small_latest.h5"), "/checked", numbers, flip);
    CHECK(all.wrong == 0);
    CHECK(all.errors > 100);
}
