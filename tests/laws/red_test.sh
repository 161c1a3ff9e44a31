#!/usr/bin/env bash
# Do the tests of the laws find anything? Builds a copy of the sources, in which all of them must pass;
# then breaks one law after the other by its patch, after which that law's test must fail, and must say
# what the patch's line "expect: REGEX" expects.
#
#   tests/laws/red_test.sh BUILD_DIR CXX_COMPILER [LAW...]      e.g. ... build/red-laws g++ 3
set -euo pipefail
build=$(realpath -m "$1")
compiler=$2
shift 2
laws=("$@")
if ((${#laws[@]} == 0)); then laws=(1 2 3 4 5); fi
root=$(realpath "$(dirname "${BASH_SOURCE[0]}")/../..")
copy=$build/source

fail() {
    echo "red_test: $*" >&2
    exit 1
}

# Files that are the same stay untouched, so that the build has nothing to do for them.
copy_sources() {
    local file
    mkdir -p "$copy"
    cd "$root"
    find CMakeLists.txt cmake lib apps tests -type f ! -name '*.patch' | while read -r file; do
        if ! cmp -s "$file" "$copy/$file"; then
            mkdir -p "$copy/$(dirname "$file")"
            cp "$file" "$copy/$file"
        fi
    done
    cd "$copy"
    find . -type f | while read -r file; do
        if [[ ! -e "$root/$file" ]]; then rm "$file"; fi
    done
}

configure() {
    local options=(-DCMAKE_BUILD_TYPE= "-DCMAKE_CXX_COMPILER=$compiler" -DCMAKE_CXX_FLAGS=-O0
        -DSERRY_WERROR=OFF -DSERRY_INSTALL=OFF)
    if command -v ninja >/dev/null; then options+=(-G Ninja); fi
    if command -v ccache >/dev/null; then options+=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache); fi
    quietly cmake -S "$copy" -B "$build/build" "${options[@]}"
}

quietly() { "$@" >"$build/log" 2>&1 || { cat "$build/log" >&2 && fail "this failed: $*"; }; }

build_targets() { quietly cmake --build "$build/build" --target "$@"; }

program() { find "$build/build/tests" -type f -name "laws_law$1_test" -perm -u+x; }

# The copy as it was, also when this script ends early.
patched=""
restore() {
    if [[ -n "$patched" ]]; then patch --silent -R -p1 -d "$copy" <"$patched"; fi
    patched=""
}
trap restore EXIT

check_broken() {
    local law=$1 patch=$root/tests/laws/law$1.patch expected
    expected=$(sed -n 's/^expect: //p' "$patch")
    [[ -n "$expected" ]] || fail "$patch has no line 'expect: REGEX'"
    patch --dry-run --silent -p1 -d "$copy" <"$patch" >"$build/log" 2>&1 ||
        fail "law$law.patch does not apply any more: make it anew for what the library is now: $(<"$build/log")"
    patch --silent --no-backup-if-mismatch -p1 -d "$copy" <"$patch"
    patched=$patch
    build_targets "laws_law${law}_job"
    if "$(program "$law")" --abort-after=1 >"$build/log" 2>&1; then
        fail "law$law.patch breaks the law, and laws/law${law}_test does not see it"
    fi
    grep -Eq -- "$expected" "$build/log" ||
        fail "law$law.patch: laws/law${law}_test fails without saying \"$expected\": $(<"$build/log")"
    restore
    echo "law $law: broken by the patch, and seen"
}

copy_sources
configure
targets=()
for law in "${laws[@]}"; do targets+=("laws_law${law}_job" "laws_law${law}_test"); done
build_targets "${targets[@]}"
for law in "${laws[@]}"; do quietly "$(program "$law")"; done
echo "laws ${laws[*]}: kept without a patch"
for law in "${laws[@]}"; do check_broken "$law"; done
