#include "serry/stage/task.hpp"

namespace serry {

void rethrow_located(Transformation const& step, std::uint64_t record) {
    try {
        throw;
    } catch (TaskFailure const&) {
        throw;
    } catch (StageAbandoned const&) {
        throw;
    } catch (CommError const&) {
        throw;
    } catch (...) {
        throw TaskFailure(code_of_current_exception(), describe_current_exception(), &step, record);
    }
}

void throw_action_failed(Transformation const& action) {
    throw StageError(code_of_current_exception(),
                     action.label() + " failed on every rank, combining the partitions' results: "
                         + describe_current_exception());
}

}  // namespace serry
