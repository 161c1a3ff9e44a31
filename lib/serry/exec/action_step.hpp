#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "serry/exec/session.hpp"
#include "serry/serde/codec.hpp"

namespace serry {

/// An action in the lineage, for messages and the fingerprint; made, it has been agreed on.
class ActionStep final : public Transformation {
public:
    /// Collective. Throws UsageError as Session::open_action() does.
    ActionStep(Session& session,
               std::shared_ptr<Transformation> const& target,
               char const* name,
               CallSite at)
        : Transformation(
            session.lineage(),
            {.name = name, .at = at, .dependency = Dependency::narrow, .parents = {target}}),
          session_(session) {
        session.open_action(*this);
    }
    /// The same for what is collective and works on no dataset.
    ActionStep(Session& session, char const* name, CallSite at)
        : Transformation(session.lineage(),
                         {.name = name, .at = at, .dependency = Dependency::none, .parents = {}}),
          session_(session) {
        session.open_action(*this);
    }

    /// What make() returns on every rank alike, having run something on the ranks. Where the job
    /// goes on from an earlier attempt that got it already, it is not made again. Views in it live
    /// as long as the session, if make()'s do.
    template <typename Make>
    std::invoke_result_t<Make const&> result(Make const& make) const {
        using Result = std::invoke_result_t<Make const&>;
        if (!session_.checkpoints()) return make();
        std::uint64_t const number = session_.next_result_number();
        auto recorded = session_.recorded_result(number, *this);
        if constexpr (std::is_void_v<Result>) {
            if (recorded) return;
            make();
            session_.record_result(number, *this, {});
        } else {
            if (recorded) return decoded<Result>(std::move(*recorded));
            Result result = make();
            ByteWriter bytes;
            put(result, bytes);
            session_.record_result(number, *this, bytes.view());
            return result;
        }
    }

private:
    /// Encoded records, and who keeps them.
    template <typename Result>
    static constexpr bool holds_records = requires(Result const& result) {
        result.encoded();
        result.size();
    }
    &&!std::is_trivially_copyable_v<Result>;

    template <typename Result>
    static void put(Result const& result, ByteWriter& out) {
        if constexpr (holds_records<Result>) {
            out.put_varint(result.size());
            out.put(result.encoded());
        } else {
            encode(result, out);
        }
    }

    template <typename Result>
    Result decoded(std::string bytes) const {
        if constexpr (holds_records<Result>) {
            auto const owner = std::make_shared<std::string const>(std::move(bytes));
            ByteReader reader(*owner);
            std::uint64_t const record_count = reader.take_varint();
            return Result{owner, reader.take(reader.remaining()), record_count};
        } else {
            ByteReader reader(session_.arena().copy(bytes));
            return decode<Result>(reader);
        }
    }

    Session& session_;
};

}  // namespace serry
