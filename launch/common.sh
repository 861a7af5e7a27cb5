# shellcheck shell=bash disable=SC2034  # variables are for the scripts that source this
# What scripts share. Sourced; the caller has set `-euo pipefail`.

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
this_script=$(realpath --relative-to "$repository" -- "$0")
swift_needed=6.1

# Exit codes are those of the job (0, 64 usage, 65 data, 66 missing input, …): a supervisor restarts on none of these three.

say() { printf '%s\n' "$*" >&2; }

fail() { # fail CODE MESSAGE...
  local code=$1
  shift
  printf '%s: %s\n' "$this_script" "$*" >&2
  exit "$code"
}

usage_error() { fail 64 "$* (see $0 --help)"; }

needs_value() { [[ $# -ge 2 ]] || usage_error "$1 needs a value"; }

# Prints the comment at the head of the calling script, which is its help.
print_help() { sed -n '2,/^[^#]/{s/^# \{0,1\}//p;}' "$0"; }

# System packages
# ---------------

as_root() {
  if [[ $(id -u) == 0 ]]; then
    env DEBIAN_FRONTEND=noninteractive "$@"
  elif command -v sudo >/dev/null; then
    sudo env DEBIAN_FRONTEND=noninteractive "$@"
  else
    fail 64 "this needs root, and sudo is not installed. As root: $*"
  fi
}

# Installs those of the named Debian packages that are missing, and says which.
install_packages() {
  local package log missing=()
  if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    say "This is not a Debian-like system (no apt-get). Taking for granted that it has what these packages bring: $*"
    return
  fi
  for package in "$@"; do
    [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || missing+=("$package")
  done
  [[ ${#missing[@]} == 0 ]] && return
  say "Installing the system packages ${missing[*]}"
  log=$(mktemp)
  if ! as_root apt-get update </dev/null >"$log" 2>&1 ||
    ! as_root apt-get install --yes --no-install-recommends "${missing[@]}" </dev/null >>"$log" 2>&1; then
    tail -n 20 "$log" >&2
    rm -f "$log"
    fail 64 "could not install ${missing[*]}. Is there a network? By hand: apt-get update && apt-get install ${missing[*]}"
  fi
  rm -f "$log"
}

# Open MPI, and what the package's dependencies are fetched with.
build_packages=(libopenmpi-dev openmpi-bin pkg-config git ca-certificates)

# What tests compare with; in their long forms in virtual environments (.build/python), which they fill from PyPI.
test_packages=(python3-numpy)
long_test_packages=(python3-venv)

# What emulated hosts (cluster/netns) and a Slurm on one machine (cluster/slurm) need.
host_packages=(iproute2 openssh-client openssh-server)
slurm_packages=(slurm-wlm munge)

# What opens pages of `lockstep report` in a browser (124 MB to fetch).
browser_packages=(chromium fonts-dejavu-core python3)

# The Swift toolchain
# -------------------

# Swift is often unpacked where no non-interactive PATH looks.
find_swift() {
  local candidate
  for candidate in "$(command -v swift || true)" "$HOME/.local/share/swiftly/bin/swift" /opt/swift/usr/bin/swift \
    /usr/local/swift/usr/bin/swift /usr/libexec/swift/bin/swift; do
    if [[ -n $candidate && -x $candidate ]]; then
      printf '%s\n' "$candidate"
      return
    fi
  done
  return 1
}

# Puts a sufficient Swift first on PATH, or says which is needed and where it comes from (64: no restart helps).
# What an unpacked toolchain itself needs of Debian, and a fresh Debian lacks, is installed.
require_swift() {
  local swift version system
  system=$(sed -n 's/^PRETTY_NAME="\(.*\)"$/\1/p' /etc/os-release 2>/dev/null) || true
  swift=$(find_swift) || fail 64 "Swift is not installed. Lockstep needs Swift $swift_needed or newer for" \
    "${system:-this system}: https://www.swift.org/install (put its usr/bin on PATH)."
  PATH=$(dirname "$swift"):$PATH
  # shellcheck disable=SC2046  # a list of words
  install_packages $(toolchain_packages "$(dirname "$(readlink -f "$swift")")")
  version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9][0-9.]*\).*/\1/p' | head -n 1) || true
  [[ -n $version ]] || fail 64 "$swift does not run: see '$swift --version'. A fresh toolchain: https://www.swift.org/install"
  [[ $(printf '%s\n' "$swift_needed" "$version" | sort -V | head -n 1) == "$swift_needed" ]] ||
    fail 64 "$swift is Swift $version; Lockstep needs $swift_needed or newer: https://www.swift.org/install"
}

# Debian packages without which the toolchain in a folder cannot start, compile or link.
toolchain_packages() {
  local libraries
  if [[ -x $1/swift-build ]] && libraries=$(ldd "$1/swift-build" 2>/dev/null) && [[ $libraries == *'not found'* ]]; then
    printf '%s ' libcurl4 libxml2 libsqlite3-0 libncurses6
  fi
  compgen -G '/usr/lib/gcc/*/*/libstdc++.so' >/dev/null || printf '%s ' g++
}

# Building
# --------

# Hands the commit to Package.swift, `+` behind it where files have been changed since: `lockstep --version` tells it.
tell_revision() {
  [[ -z ${LOCKSTEP_REVISION:-} ]] || return 0
  LOCKSTEP_REVISION=$(git -C "$repository" rev-parse --verify --quiet HEAD 2>/dev/null) || LOCKSTEP_REVISION=
  if [[ -n $LOCKSTEP_REVISION && -n $(git -C "$repository" status --porcelain --untracked-files=no 2>/dev/null) ]]; then
    LOCKSTEP_REVISION+=+
  fi
  export LOCKSTEP_REVISION
}

# build [ARGUMENT...]: `swift build -c release`, quiet unless it fails.
build() {
  local log status=0
  tell_revision
  log=$(mktemp)
  say "Building (swift build -c release $*); the first time takes some minutes"
  swift build --package-path "$repository" -c release "$@" </dev/null >"$log" 2>&1 || status=$?
  if [[ $status != 0 ]]; then
    # The errors first: behind them the log goes on with what was compiled beside.
    grep -E 'error:|fatal:' "$log" | sort -u | head -n 40 >&2 || true
    say "The end of the log:"
    tail -n 30 "$log" >&2
    if grep -qiE 'could not resolve host|failed to clone|unable to access|git command .* failed' "$log"; then
      say "The package dependencies could not be fetched. Is there a network?"
    fi
    rm -f "$log"
    fail 70 "the build failed (the output above)"
  fi
  rm -f "$log"
}

# The built command line. Not `swift build --show-bin-path`, which takes a second and a half.
lockstep_binary=$repository/.build/release/lockstep

# The machine
# -----------

# Cores that this process may use: physical cores, affinity and the control group's quota, whichever is least.
usable_cores() {
  local cores physical quota period
  cores=$(nproc)
  physical=$(lscpu -p=Core,Socket 2>/dev/null | grep -v '^#' | sort -u | wc -l) || physical=0
  if ((physical > 0 && physical < cores)); then cores=$physical; fi
  if read -r quota period 2>/dev/null </sys/fs/cgroup/cpu.max && [[ $quota != max ]]; then
    quota=$(((quota + period - 1) / period))
    if ((quota < cores)); then cores=$quota; fi
  fi
  printf '%s\n' "$cores"
}
