# shellcheck shell=bash disable=SC2034  # variables are for the scripts that source this
# What `up` and `down` share. Sourced; the caller has set `-euo pipefail`.

# shellcheck source=launch/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../launch/common.sh"

# Takes the one argument FOLDER, or prints the help.
folder=${TMPDIR:-/tmp}/lockstep-slurm
case ${1-} in
  -h | --help) print_help && exit 0 ;;
  -*) usage_error "unknown option $1" ;;
  ?*) folder=$1 ;;
esac
[[ $# -le 1 ]] || usage_error "one folder at most"
[[ $folder == /* ]] || folder=$PWD/$folder
folder=${folder%/}

# What slurm.conf begins with: only a folder that has it is one of ours.
mark='# Written by cluster/slurm/up.'
is_ours() { [[ $(head -n 1 "$folder/slurm.conf" 2>/dev/null) == "$mark" ]]; }

# Processes that `up` started, and what they started in turn; not jobs, which have the environment of who sent them.
processes_of() {
  local place
  for place in /proc/[0-9]*; do
    if grep -qsFxz "LOCKSTEP_SLURM=$folder" "$place/environ"; then printf '%s\n' "${place#/proc/}"; fi
  done
}

export SLURM_CONF=$folder/slurm.conf
