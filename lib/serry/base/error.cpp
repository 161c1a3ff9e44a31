#include "serry/base/error.hpp"

#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <typeinfo>

#include <cxxabi.h>

#include "serry/base/call_site.hpp"

namespace serry {
namespace {

std::string type_name(std::type_info const& type) {
    int status = 0;
    std::unique_ptr<char, void (*)(void*)> name(
        abi::__cxa_demangle(type.name(), nullptr, nullptr, &status), std::free);
    return status == 0 ? name.get() : type.name();
}

}  // namespace

std::string describe_current_exception() {
    try {
        throw;
    } catch (Error const& error) {
        return error.what();
    } catch (std::bad_alloc const& error) {
        return "out of memory (" + type_name(typeid(error))
               + "); run fewer ranks on a node, or leave more to the job's functions by a smaller "
                 "--memory";
    } catch (std::exception const& error) {
        return type_name(typeid(error)) + ": " + error.what();
    } catch (...) {
        std::type_info const* type = abi::__cxa_current_exception_type();
        return "an exception of type " + (type ? type_name(*type) : std::string("unknown"));
    }
}

ExitCode code_of_current_exception() {
    try {
        throw;
    } catch (Error const& error) {
        return error.exit_code();
    } catch (std::bad_alloc const&) {
        return ExitCode::does_not_fit;
    } catch (...) {
        return ExitCode::user_function;
    }
}

std::string describe_errno(int error_number) { return std::strerror(error_number); }

std::string to_string(CallSite const& at) {
    char const* slash = std::strrchr(at.file, '/');
    return std::string(slash ? slash + 1 : at.file) + ':' + std::to_string(at.line);
}

}  // namespace serry
