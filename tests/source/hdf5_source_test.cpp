#include "serry/source/hdf5_source.hpp"

#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "sink/thrown.hpp"
#include "source/hdf5_files.hpp"
#include "source/input_file.hpp"
#include "stage/pipelines.hpp"

using namespace serry;
using namespace serry::test;

namespace {

struct User {
    std::uint64_t id = 0;
    std::string name;
    double score = 0;
    bool active = false;
    std::string country;
    int debt = 0;

    friend bool operator==(User const&, User const&) = default;
};
struct UserView {
    std::string_view name;
    float score = 0;
    std::string_view country;
};
struct Score {
    double score = 0;
    std::int16_t id = 0;

    friend bool operator==(Score const&, Score const&) = default;
};

/// Copies what views show.
struct Texts final : Consumer<std::string_view> {
    void consume(std::span<std::string_view const> batch) override {
        texts.insert(texts.end(), batch.begin(), batch.end());
    }
    void finish() override {}
    std::vector<std::string> texts;
};

template <typename T>
struct Source {
    Source(std::vector<std::string> patterns, std::string dataset)
        : step(std::make_shared<Hdf5Source<T>>(
            lineage,
            Hdf5Input{std::move(patterns), std::move(dataset), hdf5_record<T>()},
            CallSite{"/src/job.cpp", 1},
            0)) {}

    void cut(std::uint64_t partition_count) {
        step->set_splits(step->list_splits({partition_count}));
    }

    Lineage lineage;
    std::shared_ptr<Hdf5Source<T>> step;
};

template <typename T>
std::vector<T> read_all(std::vector<std::string> patterns,
                        std::string const& dataset,
                        std::uint64_t partition_count = 0) {
    Source<T> source(std::move(patterns), dataset);
    source.cut(partition_count);
    Runner<T> runner(source.step);
    std::vector<T> all;
    for (std::uint64_t p = 0; p < source.step->partition_count(); ++p)
        for (auto const& record : runner.run(p, source.step->partition_count()))
            all.push_back(record);
    return all;
}

template <typename T>
std::vector<T> numbers(std::string const& dataset, std::uint64_t partition_count = 0) {
    return read_all<T>({hdf5_file("numbers.h5")}, dataset, partition_count);
}

/// f(0) to f(9999).
template <typename F>
auto expected(F f, int count = 10'000) {
    std::vector<decltype(f(0))> records;
    for (int i = 0; i < count; ++i) records.push_back(f(i));
    return records;
}

std::string failure_of(std::function<void()> const& call) { return thrown(call); }

}  // namespace

template <>
inline constexpr auto serry::field_names<User> =
    serry::names("id", "name", "score", "active", "country", "debt");
template <>
inline constexpr auto serry::field_names<UserView> = serry::names("name", "score", "country");
template <>
inline constexpr auto serry::field_names<Score> = serry::names("score", "id");

TEST_CASE("numbers of any width and byte order, however they are stored") {
    auto const sevens = [](int i) { return std::int64_t{i} * 7 - 20'000; };
    for (std::uint64_t const partitions : {0, 1, 3, 64})
        for (char const* dataset : {"/g/plain", "g/big_endian", "/g/chunked", "/g/one_chunk"})
            CHECK((numbers<std::int64_t>(dataset, partitions) == expected(sevens)));
    CHECK((numbers<float>("/g/chunked")
           == expected([&](int i) { return static_cast<float>(sevens(i)); })));
    CHECK((numbers<double>("/g/big_endian_float") == expected([](int i) { return i / 8.0; })));
    CHECK((numbers<double>("/g/half") == expected([](int i) { return i % 100 / 8.0; })));
    CHECK((numbers<int>("/g/byte") == expected([](int i) { return i % 256; })));
    CHECK((numbers<bool>("/g/bools", 3) == expected([](int i) { return i % 3 == 0; })));
    CHECK(numbers<std::int64_t>("/g/empty", 3).empty());
}

TEST_CASE("rows of two dimensions are arrays, and of any dimensions vectors") {
    auto const row = [](int i) {
        std::array<double, 4> values{};
        for (std::size_t k = 0; k < 4; ++k) values[k] = i + static_cast<double>(k) / 4;
        return values;
    };
    auto const slab = [](int i) {
        std::vector<std::int64_t> values;
        for (int k = 0; k < 100; ++k) values.push_back(100 * i + k);
        return values;
    };
    for (std::uint64_t const partitions : {0, 1, 7, 400}) {
        CHECK((numbers<std::array<double, 4>>("/g/matrix", partitions) == expected(row, 2500)));
        CHECK((numbers<std::vector<std::int64_t>>("/g/cube", partitions) == expected(slab, 100)));
    }
    CHECK(
        (numbers<std::vector<std::int64_t>>("/g/plain")[3] == std::vector<std::int64_t>{-19'979}));
    CHECK((numbers<std::vector<double>>("/g/flat") == std::vector<std::vector<double>>(5)));
}

TEST_CASE("text of fixed and of variable length") {
    auto const word = [](int i) { return i % 10 ? "word " + std::to_string(i) : std::string(); };
    auto const fixed = [](int i) { return std::to_string(i % 1000); };
    for (std::uint64_t const partitions : {0, 1, 7}) {
        CHECK((numbers<std::string>("/g/words", partitions) == expected(word)));
        CHECK((numbers<std::string>("/g/fixed", partitions) == expected(fixed)));
    }
    Source<std::string_view> source({hdf5_file("numbers.h5")}, "/g/words");
    source.cut(1);
    Texts texts;
    Pipeline pipeline;
    source.step->attach(pipeline, texts);
    TestPoller poller;
    TaskContext task({0, 1}, poller);
    pipeline.run(task);
    CHECK((texts.texts == expected(word)));
    CHECK(task.records_in == 10'000);
    CHECK(poller.count >= 20);
}

TEST_CASE("columns of a table are found by name, and others left out") {
    auto const user = [](int i) {
        return User{static_cast<std::uint64_t>(i),
                    "Zoë " + std::to_string(i),
                    i / 16.0,
                    i % 2 == 1,
                    std::array{"de", "fr", "it", ""}[static_cast<std::size_t>(i) % 4],
                    i % 200 - 100};
    };
    for (std::uint64_t const partitions : {0, 1, 3, 100})
        CHECK((read_all<User>({hdf5_file("users.h5")}, "/t/users", partitions) == expected(user)));
    auto const score = [](int i) { return Score{i / 16.0, static_cast<std::int16_t>(i)}; };
    CHECK((read_all<Score>({hdf5_file("users.h5")}, "/t/users") == expected(score)));
    CHECK((read_all<Score>({hdf5_file("users.h5")}, "/t/plain", 3) == expected(score)));
}

TEST_CASE("views of a table's texts are valid during their batch") {
    Source<UserView> source({hdf5_file("users.h5")}, "/t/users");
    source.cut(2);
    struct Check final : Consumer<UserView> {
        void consume(std::span<UserView const> batch) override {
            for (UserView const& user : batch) {
                all_right &= user.name == "Zoë " + std::to_string(next);
                all_right &= user.country == std::array{"de", "fr", "it", ""}[next % 4];
                ++next;
            }
        }
        void finish() override {}
        std::size_t next = 0;
        bool all_right = true;
    } check;
    Pipeline pipeline;
    source.step->attach(pipeline, check);
    TestPoller poller;
    for (std::uint64_t p = 0; p < 2; ++p) {
        TaskContext task({p, 2}, poller);
        pipeline.run(task);
    }
    CHECK(check.next == 10'000);
    CHECK(check.all_right);
}

TEST_CASE("several files come one after the other") {
    auto const all =
        read_all<std::int64_t>({hdf5_file("other.h5"), hdf5_file("numbers.h5")}, "/g/plain", 5);
    REQUIRE(all.size() == 20'000);
    CHECK(all[3] == 1'000'003);
    CHECK(all[10'003] == -19'979);
}

TEST_CASE("splits are whole chunks") {
    Source<std::int64_t> source({hdf5_file("numbers.h5")}, "/g/chunked");
    SplitList const list = source.step->list_splits({4});
    CHECK(list.splits.size() == 4);
    for (Split const& split : list.splits) CHECK(split.begin % 300 == 0);
    CHECK(list.splits.back().end == 10'000);
}

TEST_CASE("numbers that do not fit are an InputError, not others") {
    std::string const path = hdf5_file("numbers.h5");
    std::string const begin = "InputError 65: " + path + ": /g/";
    std::string const end = ": change the type of its records";
    CHECK(failure_of([] { numbers<std::int16_t>("/g/plain"); })
          == begin
                 + "plain: a number in rows 0 to 10000 does not fit the integers it is read as; the "
                   "file has 1 dimension (10000) of int64, the program expects 1 dimension of int16"
                 + end);
    CHECK(failure_of([] { numbers<int>("/g/big_endian_float"); })
          == begin
                 + "big_endian_float: a number in rows 0 to 10000 does not fit the integers it is "
                   "read as; the file has 1 dimension (10000) of float64, the program expects 1 "
                   "dimension of int32"
                 + end);
    CHECK(failure_of([] { numbers<std::int64_t>("/g/infinite"); }).starts_with(begin));
    constexpr float infinity = std::numeric_limits<float>::infinity();
    CHECK(numbers<float>("/g/infinite") == std::vector<float>{infinity, -infinity, infinity, 2.5F});
}

TEST_CASE("what a file holds and a program expects are told when they differ") {
    std::string const path = hdf5_file("numbers.h5");
    std::string const begin = "InputError 65: " + path + ": /g/";
    std::string const end = "; change the type of the program's records, or name another dataset";
    CHECK(failure_of([] { numbers<float>("/g/matrix"); })
          == begin
                 + "matrix: has 2 dimensions (2500 x 4) of float32, expected 1 dimension of float32"
                 + end);
    CHECK(failure_of([] { numbers<std::array<float, 3>>("/g/matrix"); })
          == begin
                 + "matrix: has 2 dimensions (2500 x 4) of float32, expected 2 dimensions, rows of 3 "
                   "float32"
                 + end);
    CHECK(failure_of([] { numbers<std::string>("/g/plain"); })
          == begin + "plain: has 1 dimension (10000) of int64, expected 1 dimension of text" + end);
    CHECK(failure_of([] { numbers<std::vector<int>>("/g/words"); })
          == begin + "words: has 1 dimension (10000) of text, expected 1 dimension or more of int32"
                 + end);
    CHECK(failure_of([] { numbers<int>("/g/scalar"); })
          == begin + "scalar: has 0 dimensions of int64, expected 1 dimension of int32" + end);
    CHECK(failure_of([] { numbers<Score>("/g/plain"); })
          == begin
                 + "plain: has 1 dimension (10000) of int64, expected 1 dimension of a table (score "
                   "float64, id int16)"
                 + end);
}

TEST_CASE("a number that is a table's is told") {
    std::string const path = hdf5_file("users.h5");
    CHECK(failure_of([&] { read_all<int>({path}, "/t/plain"); })
          == "InputError 65: " + path
                 + ": /t/plain: has 1 dimension (10000) of a table (id, score), expected 1 dimension "
                   "of int32; change the type of the program's records, or name another dataset");
}

namespace {

struct Missing {
    int id = 0;
    int age = 0;
    std::string city;
};
struct Wrong {
    int name = 0;
};

}  // namespace

template <>
inline constexpr auto serry::field_names<Missing> = serry::names("id", "age", "city");
template <>
inline constexpr auto serry::field_names<Wrong> = serry::names("name");

TEST_CASE("missing columns are told with those that are there, and columns of another type") {
    std::string const path = hdf5_file("users.h5");
    CHECK(failure_of([&] { read_all<Missing>({path}, "/t/users"); })
          == "InputError 65: " + path
                 + ": /t/users: the table has no column age, city, expected one for each field; it "
                   "has country, unknown, score, id, name, active, debt: name the program's fields "
                   "as they are there (serry::field_names)");
    CHECK(failure_of([&] { read_all<Wrong>({path}, "/t/users"); })
          == "InputError 65: " + path
                 + ": /t/users: the column name holds text, expected int32; change the type of the "
                   "field in the program");
}

TEST_CASE("what is no HDF5 file, or has no such dataset, is told in HDF5's words") {
    TempDir const dir;
    write_file(dir / "text", "no HDF5");
    std::string const advice =
        "; check that this is the file meant, and whole (`h5ls -r` lists what it holds, `h5dump` "
        "reads all of it)";
    std::string const path = dir / "text";
    CHECK(failure_of([&] { read_all<int>({path}, "/a"); })
          == "InputError 65: " + path
                 + ": /a: opening the HDF5 file failed: unable to open file: file signature not "
                   "found"
                 + advice);
    std::string const numbers_path = hdf5_file("numbers.h5");
    CHECK(failure_of([&] { numbers<int>("/g/none"); })
          == "InputError 65: " + numbers_path
                 + ": /g/none: opening the dataset failed: unable to open dataset: object 'none' "
                   "doesn't exist"
                 + advice);
}

TEST_CASE("records that are in other files are not followed") {
    std::string const path = hdf5_file("other.h5");
    CHECK(failure_of([&] { read_all<int>({path}, "/virtual"); })
          == "InputError 65: " + path
                 + ": /virtual: its records are in other files, expected them in this one; name "
                   "those files, or the folder or a pattern for them, instead");
    CHECK(failure_of([&] { read_all<int>({path}, "/link"); })
          == "InputError 65: " + path
                 + ": /link: opening the dataset failed: unable to open dataset: unable to open file, "
                   "file name = 'numbers.h5', temp_file_name = 'numbers.h5'; check that this is the "
                   "file meant, and whole (`h5ls -r` lists what it holds, `h5dump` reads all of it)");
}

TEST_CASE("a file that changes after it was listed, and a row beyond the limit") {
    TempDir const dir;
    std::string const path = dir / "copy.h5";
    std::string const bytes = read_file(hdf5_file("numbers.h5"));
    write_file(path, bytes);
    Source<std::vector<int>> source({path}, "/g/cube");
    source.cut(1);
    Runner<std::vector<int>> runner(source.step);
    CHECK(runner.run(0, 1).size() == 100);
    write_file(path, bytes + "more");
    CHECK(failure_of([&] { runner.run(0, 1); }).find("the file changed while it was being read")
          != std::string::npos);
}

TEST_CASE("no path is a UsageError, and other input another lineage") {
    CHECK(failure_of([] { Source<int>({}, "a").cut(1); })
          == "UsageError 2: read_hdf5 (job.cpp:1): no path was given; expected one or more");
    auto const fingerprint = Source<int>({"f"}, "a").step->fingerprint();
    CHECK(Source<int>({"f"}, "a").step->fingerprint() == fingerprint);
    CHECK(Source<int>({"f"}, "b").step->fingerprint() != fingerprint);
    CHECK(Source<int>({"g"}, "a").step->fingerprint() != fingerprint);
    CHECK(Source<long>({"f"}, "a").step->fingerprint() != fingerprint);
}
