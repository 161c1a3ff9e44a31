#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <type_traits>
#include <utility>

#include "serry/base/call_site.hpp"
#include "serry/context.hpp"
#include "serry/exec/session.hpp"
#include "serry/serde/codec.hpp"

namespace serry {

/// A value that rank 0 made and every rank reads; cheap to copy, so that functions given to
/// transformations capture it. Read-only. Its bytes are there once a node (from 1 MiB on), and
/// views in the value point into them; what owns memory, such as a vector, each rank has of its
/// own. So a large table of text is best a vector of records with views.
template <Encodable T>
class Broadcast {
public:
    T const& value() const { return *value_; }
    T const& operator*() const { return *value_; }
    T const* operator->() const { return value_.get(); }

    explicit Broadcast(std::shared_ptr<T const> value) : value_(std::move(value)) {}

private:
    std::shared_ptr<T const> value_;
};

namespace broadcasting {

/// Collective: what make() returns on rank 0, once a node.
Session::Gathered from_rank_0(Session& session,
                              CallSite at,
                              std::function<std::string_view()> const& make);

}  // namespace broadcasting

/// Collective: make() is called on rank 0 alone, and may read files or draw numbers. What it throws
/// is a StageError on every rank.
///
/// Moves: the value's bytes, to every node.
/// Memory: the value on every rank, its bytes once a node.
/// Throws: StorageError (does_not_fit) beyond SERRY_COLLECT_LIMIT.
template <typename F>
requires std::invocable<F const&>
auto broadcast(Context& context, F const& make, CallSite at = CallSite::here()) {
    using T = std::remove_cvref_t<std::invoke_result_t<F const&>>;
    static_assert(Encodable<T>, "broadcast: what make() returns must be encodable");
    ByteWriter encoded;
    auto const gathered = broadcasting::from_rank_0(context.session(), at, [&] {
        encode(T(std::invoke(make)), encoded);
        return encoded.view();
    });
    struct Content {
        std::shared_ptr<void const> owner;
        T value;
    };
    ByteReader reader(gathered.bytes);
    auto const content =
        std::make_shared<Content const>(Content{gathered.owner, decode<T>(reader)});
    return Broadcast<T>(std::shared_ptr<T const>(content, &content->value));
}

}  // namespace serry
