#include "serry/read_hdf5.hpp"

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "api/job.hpp"
#include "serry/write_hdf5.hpp"
#include "sink/thrown.hpp"
#include "support/shared_temp_dir.hpp"

using namespace serry;
using namespace serry::test;

namespace {

struct Named {
    std::string name;
    std::int64_t number = 0;

    friend bool operator==(Named const&, Named const&) = default;
};
struct NamedView {
    std::string_view name;
};

Named named(std::int64_t n) { return {"number " + std::to_string(n), n}; }

}  // namespace

template <>
inline constexpr auto serry::field_names<Named> = serry::names("name", "number");
template <>
inline constexpr auto serry::field_names<NamedView> = serry::names("name");

TEST_CASE("a table is read in order at any number of ranks and partitions") {
    SharedTempDir const dir;
    Job job;
    write_hdf5(job.numbers(5000).map(named), dir / "out", "/t/named", {.chunk_bytes = 2000});
    for (std::uint64_t const partitions : {0, 1, 5, 37}) {
        auto const table =
            read_hdf5<Named>(job.context, dir / "out", "/t/named", {.partition_count = partitions});
        CHECK((table.collect().to_vector() == oracle(5000, named, always)));
        CHECK(table.filter([](Named const& n) { return is_odd(n.number); }).count() == 2500);
    }
    auto const names = read_hdf5<NamedView>(job.context, dir / "out", "/t/named")
                           .map([](NamedView const& view) { return view.name; })
                           .take(2);
    CHECK(std::string((*names.begin())) == "number 0");
    job.session.comm().barrier();
}

TEST_CASE("what cannot be read is the same error on every rank") {
    SharedTempDir const dir;
    Job job;
    write_hdf5(job.numbers(10), dir / "out", "n");
    std::string const path = dir / "out/part-00000.h5";
    CHECK(thrown([&] { read_hdf5<std::string>(job.context, path, "n").count(); })
          == "InputError 65: " + path
                 + ": n: has 1 dimension (1) of int64, expected 1 dimension of text; change the type "
                   "of the program's records, or name another dataset");
    CHECK(read_hdf5<int>(job.context, dir / "out", "n").count() == 10);
    job.session.comm().barrier();
}
