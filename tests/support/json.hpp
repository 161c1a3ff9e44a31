#pragma once

#include <cstddef>
#include <string_view>

namespace serry::test {

/// Whether a text is one JSON value (RFC 8259) and no more. Does not check UTF-8.
class JsonChecker {
public:
    explicit JsonChecker(std::string_view text) : rest_(text) {}
    bool check() { return value() && (skip_blanks(), rest_.empty()); }

private:
    bool value() {
        skip_blanks();
        if (rest_.empty()) return false;
        switch (rest_[0]) {
            case '{':
                return list('}', [this] { return string() && token(':') && value(); });
            case '[':
                return list(']', [this] { return value(); });
            case '"':
                return string();
            default:
                return word("true") || word("false") || word("null") || number();
        }
    }

    template <typename Element>
    bool list(char end, Element element) {
        rest_.remove_prefix(1);
        if (token(end)) return true;
        do {
            if (!element()) return false;
        } while (token(','));
        return token(end);
    }

    bool string() {
        if (!token('"')) return false;
        while (!rest_.empty() && rest_[0] != '"') {
            if (static_cast<unsigned char>(rest_[0]) < ' ') return false;
            if (rest_[0] == '\\' && !escape()) return false;
            rest_.remove_prefix(1);
        }
        return word("\"");
    }

    /// Leaves its last character.
    bool escape() {
        rest_.remove_prefix(1);
        if (rest_.empty()) return false;
        if (rest_[0] != 'u') return std::string_view("\"\\/bfnrt").find(rest_[0]) != rest_.npos;
        if (rest_.substr(1, 4).find_first_not_of("0123456789abcdefABCDEF") != rest_.npos)
            return false;
        if (rest_.size() < 5) return false;
        rest_.remove_prefix(4);
        return true;
    }

    bool number() {
        word("-");
        if (!word("0") && !digits()) return false;
        if (word(".") && !digits()) return false;
        if (word("e") || word("E")) {
            if (!word("+")) word("-");
            return digits();
        }
        return true;
    }

    bool digits() {
        std::size_t const count = std::min(rest_.find_first_not_of("0123456789"), rest_.size());
        rest_.remove_prefix(count);
        return count > 0;
    }

    bool token(char c) {
        skip_blanks();
        return word({&c, 1});
    }
    bool word(std::string_view text) {
        if (!rest_.starts_with(text)) return false;
        rest_.remove_prefix(text.size());
        return true;
    }
    void skip_blanks() {
        rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size()));
    }

    std::string_view rest_;
};

inline bool is_json(std::string_view text) { return JsonChecker(text).check(); }

}  // namespace serry::test
