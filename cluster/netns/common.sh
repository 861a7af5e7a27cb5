# shellcheck shell=bash disable=SC2034  # variables are for the scripts that source this
# What the scripts of this folder share. Sourced; the caller has set `-euo pipefail`.
#
# STATE/switch and STATE/HOST are folders; `process` in each names the process that keeps its namespaces, and the number of
# its network namespace. A namespace ends with its last process, and its interfaces with it.

# shellcheck source=launch/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../launch/common.sh"

state=${TMPDIR:-/tmp}/lockstep-netns
subnet=10.77.0

require_root() { [[ $(id -u) == 0 ]] || fail 64 "namespaces need root"; }

require_cluster() {
  [[ -f $state/ssh_config ]] || fail 66 "no emulated cluster in $state (cluster/netns/up makes one; --state names another)"
}

# The number of a process's network namespace; nothing where it has ended.
network_of() { readlink "/proc/$1/ns/net" 2>/dev/null || true; }

# The process that keeps the namespaces of the switch or of a host.
keeper() { # keeper NAME
  local process network
  [[ -f $state/$1/process ]] || fail 64 "$state has no host $1; it has $(host_names | tr '\n' ' ')"
  read -r process network <"$state/$1/process"
  [[ $(network_of "$process") == "$network" ]] || fail 64 "$1 of $state has ended; cluster/netns/down, then up"
  printf '%s\n' "$process"
}

host_names() { sed -n 's/^Host //p' "$state/ssh_config"; }

# on NAME COMMAND...: runs a command in the network of the switch or of a host.
on() {
  local process
  process=$(keeper "$1")
  shift
  nsenter --target "$process" --net -- "$@"
}

# shape HOST RATE: bounds what leaves a host and what reaches it. RATE is tc's, such as 100mbit; `none` lifts the bound.
shape() {
  local number unit burst
  if [[ $2 == none ]]; then
    on "$1" tc qdisc del dev eth0 root 2>/dev/null || true
    on switch tc qdisc del dev "$1" root 2>/dev/null || true
    return
  fi
  [[ $2 =~ ^([1-9][0-9]{0,4})(k|m|g)bit$ ]] || usage_error "the rate $2 is not one like 20mbit, 100mbit, 1gbit, or none"
  number=${BASH_REMATCH[1]} unit=${BASH_REMATCH[2]}
  case $unit in k) number=$((number * 1000)) ;; m) number=$((number * 1000000)) ;; g) number=$((number * 1000000000)) ;; esac
  # What may pass unbounded: 100 us of the rate, and two frames at least.
  burst=$((number / 80000 > 3100 ? number / 80000 : 3100))
  on "$1" tc qdisc replace dev eth0 root tbf rate "$2" burst "$burst" latency 50ms
  on switch tc qdisc replace dev "$1" root tbf rate "$2" burst "$burst" latency 50ms
}
