#pragma once

#include <cstdlib>
#include <initializer_list>
#include <utility>
#include <vector>

namespace serry::test {

/// Environment variables for as long as it lives.
class Environment {
public:
    Environment(std::initializer_list<std::pair<char const*, char const*>> variables) {
        for (auto const& [name, text] : variables) {
            setenv(name, text, 1);
            names_.emplace_back(name);
        }
    }
    ~Environment() {
        for (char const* name : names_) unsetenv(name);
    }
    Environment(Environment const&) = delete;
    Environment& operator=(Environment const&) = delete;

private:
    std::vector<char const*> names_;
};

}  // namespace serry::test
