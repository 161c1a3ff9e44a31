#!/usr/bin/env bash
# Fails when a public member of Dataset that records a step or acts, that is, which takes a CallSite,
# does not say in its comment what it promises: lines that begin with "/// Order:", "/// Moves:",
# "/// Memory:" and "/// Throws:", the last if there is nothing to say "nothing".
#
#   tests/structure/contracts.sh [ROOT]
set -euo pipefail
cd "${1:-$(dirname "${BASH_SOURCE[0]}")/../..}/lib/serry"

# The themes are the base classes of Dataset, each in the header of its name.
mapfile -t themes < <(
    sed -n '/^class Dataset /,/{$/p' dataset.hpp | grep -o 'public [A-Za-z]*<' |
        sed 's/public //; s/<//; s/\(.\)\([A-Z]\)/\1_\2/g' | tr '[:upper:]' '[:lower:]')
headers=(dataset.hpp)
for theme in "${themes[@]}"; do headers+=("$theme.hpp"); done

awk '
function complain(text) { print "lib/serry/" FILENAME ":" start ": " name " " text; failed = 1 }
function check(    i, word) {
    name = declaration
    sub(/ *\(.*/, "", name)
    sub(/.*[ >]/, "", name)
    ++members
    for (i = 1; i <= 4; ++i) {
        word = words[i]
        if (comment !~ ("\n *\\/\\/\\/ " word ": .")) complain("does not say \"" word ":\"")
    }
}
BEGIN { split("Order Moves Memory Throws", words, " ") }
FNR == 1 { is_public = 0; comment = declaration = "" }
/^public:/ { is_public = 1; next }
/^private:/ { is_public = 0 }
!is_public { next }
/^ *\/\/\// && declaration == "" { comment = comment "\n" $0; next }
/^$/ { comment = declaration = ""; next }
{
    if (declaration == "") start = FNR
    if (!is_checked) declaration = declaration " " $0
    # The name stands before the parameters, and those before the call site.
    if (!is_checked && declaration ~ /CallSite at = CallSite::here\(\)/) {
        head = declaration
        sub(/^ *template <[^(]*> *requires.*\) *const *requires/, "", head)
        check()
        is_checked = 1
    }
    if ($0 ~ /^    }/ || $0 ~ /[;}]$/ && $0 !~ /^        /) { comment = declaration = ""; is_checked = 0 }
}
END {
    if (members == 0) { print "lib/serry/dataset.hpp: found no members"; failed = 1 }
    else if (!failed) print members " members say what they promise"
    exit failed
}' "${headers[@]}"
