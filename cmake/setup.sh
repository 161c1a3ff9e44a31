# shellcheck shell=bash
# For try.sh and check.sh: `source cmake/setup.sh` installs the Debian packages that are missing and
# says how to build; `source cmake/setup.sh --tests` installs those of the tests, too.
#
# SERRY_SETUP=skip leaves the packages alone, for machines that have the libraries by other means.

build_packages=(
    g++ cmake ninja-build pkg-config
    libopenmpi-dev openmpi-bin openssh-client # mpirun looks for ssh even when it stays on one machine
    libboost1.81-dev libboost-mpi1.81-dev libboost-serialization1.81-dev
    libfmt-dev libcli11-dev libxxhash-dev liblz4-dev libzstd-dev zlib1g-dev
    libhdf5-dev     # HDF5 input and output
    libsimdjson-dev # reads JSON, every double to the last bit
)
test_packages=(
    clang-14 libclang-rt-14-dev # the build with sanitizers
    doctest-dev clang-format-14 clang-tidy-14 shellcheck patch python3-h5py python3-pandas
    procps slurm-wlm munge iproute2 nftables # a cluster of namespaces, see tests/lab
    chromium                                 # looks at the page of `serry scale`
)

# install_packages <package>...: does nothing when all are there.
install_packages() {
    local package missing=() as_root=() log=build/setup.log

    for package; do
        if [[ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" != installed ]]; then
            missing+=("$package")
        fi
    done
    if ((${#missing[@]} == 0)); then return 0; fi

    if ((EUID != 0)); then
        as_root=(sudo)
        if ! command -v sudo >/dev/null || { [[ ! -t 0 ]] && ! sudo -n true 2>/dev/null; }; then
            echo "setup: these packages are missing, and only root can install them:" >&2
            echo "    apt-get install --no-install-recommends ${missing[*]}" >&2
            echo "Run that as root, or set SERRY_SETUP=skip to go on with what is here." >&2
            return 1
        fi
    fi
    echo "setup: installing ${missing[*]}"
    mkdir -p build
    if ! {
        "${as_root[@]}" apt-get update &&
            "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install \
                --yes --no-install-recommends -o DPkg::Lock::Timeout=300 "${missing[@]}"
    } >"$log" 2>&1 </dev/null; then
        tail -n 20 "$log" >&2
        echo "setup: apt-get failed, see $log. The names are those of Debian 12." >&2
        return 1
    fi
}

wanted=("${build_packages[@]}")
if [[ "${1-}" == --tests ]]; then wanted+=("${test_packages[@]}"); fi
if [[ "${SERRY_SETUP-}" == skip ]]; then
    :
elif command -v apt-get >/dev/null && command -v dpkg-query >/dev/null; then
    install_packages "${wanted[@]}" || exit 1
else
    echo "setup: this is no Debian, so nothing is installed. Needed are what these of its packages hold:" >&2
    echo "    ${wanted[*]}" >&2
    echo "Going on with what is here; cmake/dependencies.cmake says which versions." >&2
fi

# A compiler takes up to a GiB and a half; not more of them than memory or cores allow.
memory_mib=$(($(awk '/^MemAvailable:/ { print $2 }' /proc/meminfo) / 1024))
limit=$(cat /sys/fs/cgroup/memory.max 2>/dev/null || echo max)
if [[ "$limit" != max ]] && ((limit / 1048576 < memory_mib)); then
    memory_mib=$((limit / 1048576))
fi
jobs=$((memory_mib / 1536))
cores=$(nproc)
if ((jobs > cores)); then jobs=$cores; fi
if ((jobs < 1)); then jobs=1; fi
export CMAKE_BUILD_PARALLEL_LEVEL=$jobs

if command -v ccache >/dev/null; then
    export CMAKE_C_COMPILER_LAUNCHER=ccache CMAKE_CXX_COMPILER_LAUNCHER=ccache
fi
