#pragma once

#include <string>

#include "serry/base/error.hpp"

namespace serry::test {

/// The kind, exit code and text of the error that `call` throws: "StorageError 74: ...".
template <typename Call>
std::string thrown(Call call) {
    auto const describe = [](std::string const& kind, Error const& error) {
        return kind + ' ' + std::to_string(static_cast<int>(error.exit_code())) + ": "
               + error.what();
    };
    try {
        call();
    } catch (StorageError const& error) {
        return describe("StorageError", error);
    } catch (UsageError const& error) {
        return describe("UsageError", error);
    } catch (InputError const& error) {
        return describe("InputError", error);
    } catch (StageError const& error) {
        return describe("StageError", error);
    } catch (CommError const& error) {
        return describe("CommError", error);
    } catch (Error const& error) {
        return describe("Error", error);
    }
    return "nothing thrown";
}

}  // namespace serry::test
