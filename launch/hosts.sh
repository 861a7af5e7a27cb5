# shellcheck shell=bash disable=SC2034  # variables are for the scripts that source this
# The hosts of a job: which they are, what each says over ssh, and what has to hold on it before mpirun starts.
# Sourced after common.sh.

host_names=() # as mpirun fills them
declare -A slots_of=() # ranks that each takes
total_slots=0
crowded=''

# read_hosts LIST FILE: `a:2,b:2`, or the lines `a slots=2` of a file; a host without a number takes one rank, and one that is
# named again takes more.
read_hosts() {
  local word line number=0 name slots words=() pairs=()
  if [[ -n $1 ]]; then
    IFS=, read -ra pairs <<<"$1"
  else
    while IFS= read -r line || [[ -n $line ]]; do
      number=$((number + 1))
      read -ra words <<<"${line%%#*}"
      [[ ${#words[@]} -gt 0 ]] || continue
      [[ ${#words[@]} == 1 || (${#words[@]} == 2 && ${words[1]} == slots=*) ]] ||
        fail 64 "$2, line $number: '$line' is not a host and slots=N (cluster/hostfile.example)"
      pairs+=("${words[0]}:${words[1]+${words[1]#slots=}}")
    done <"$2"
  fi
  for word in "${pairs[@]}"; do
    name=${word%%:*} slots=1
    if [[ $word == *:?* ]]; then slots=${word#*:}; fi
    [[ $name =~ ^[A-Za-z0-9][A-Za-z0-9._-]*$ ]] || fail 64 "'$word' of ${1:-$2} names no host"
    [[ $slots =~ ^[1-9][0-9]{0,4}$ ]] || fail 64 "'$word' of ${1:-$2}: $slots is no number of ranks"
    [[ -n ${slots_of[$name]-} ]] || host_names+=("$name")
    slots_of[$name]=$((${slots_of[$name]:-0} + slots))
    total_slots=$((total_slots + slots))
  done
  [[ $total_slots -gt 0 ]] || fail 64 "${1:-$2} names no host"
}

# The list as mpirun and launch/run take it, of the named hosts.
host_list() {
  local name list=''
  for name in "$@"; do list+=,$name:${slots_of[$name]}; done
  printf '%s\n' "${list#,}"
}

# use_ssh CONFIG PORT: how hosts are reached, by this script and by mpirun alike: what OMPI_MCA_plm_rsh_args says, these, and
# nothing that asks. A connection over which nothing comes for half a minute ends, and mpirun with it: its own keepalives see
# nothing while something that it has sent is under way.
use_ssh() {
  read -ra ssh_words <<<"${OMPI_MCA_plm_rsh_args-}"
  if [[ -n $1 ]]; then
    [[ -r $1 ]] || fail 66 "the settings of ssh, $1, cannot be read"
    ssh_words+=(-F "$(realpath -- "$1")")
    [[ ${ssh_words[*]: -1} != *[[:space:]]* ]] || fail 64 "--ssh-config $1: mpirun divides ssh's words at blanks; choose another path"
  fi
  if [[ -n $2 ]]; then ssh_words+=(-p "$2"); fi
  ssh_words+=(-o BatchMode=yes -o ConnectTimeout=5 -o ServerAliveInterval=10 -o ServerAliveCountMax=3)
}

# use_hosts RANKS LIST FILE CONFIG PORT
use_hosts() {
  read_hosts "$2" "$3"
  use_ssh "$4" "$5"
  (($1 <= total_slots)) ||
    fail 64 "-n $1 is more than the hosts take, $total_slots ($(host_list "${host_names[@]}")). Fewer ranks, or more slots"
}

# Whether a name is this machine's, to which mpirun goes without ssh.
is_this_machine() {
  local address
  [[ $1 != "$(hostname)" && $1 != localhost ]] || return 0
  address=$(getent ahostsv4 "$1" 2>/dev/null | head -n 1 | cut -d ' ' -f 1) || true
  [[ -n $address ]] || return 1
  [[ $address == 127.* || " $(hostname -I 2>/dev/null) " == *" $address "* ]]
}

# ask_hosts FOLDER SCRIPT: runs a script on all hosts at once, which may take 20 s; FOLDER gets what each says.
ask_hosts() {
  local name
  for name in "${host_names[@]}"; do
    if is_this_machine "$name"; then
      timeout 20 bash -s <<<"$2" >"$1/$name.said" 2>"$1/$name.errors" &
    else
      timeout 20 ssh "${ssh_words[@]}" "$name" bash -s <<<"$2" >"$1/$name.said" 2>"$1/$name.errors" &
    fi
  done
  wait
}

# Whether a host said all that it was asked.
has_answered() { [[ $(tail -n 1 "$1/$2.said" 2>/dev/null) == end ]]; } # has_answered FOLDER HOST

# Why a host did not answer, and what to do.
why_silent() { # why_silent FOLDER HOST
  local reason
  reason=$(grep -v '^Warning' "$1/$2.errors" 2>/dev/null | tail -n 1 | tr -d '\r') || true
  case $reason in
    *'Permission denied'*) printf '%s' "ssh is refused ($reason). Let this user's key in: ssh-copy-id $2" ;;
    *'verification failed'* | *'host key'*) printf '%s' "ssh does not know its key ($reason). Once by hand: ssh $2 true" ;;
    *'resolve hostname'*) printf '%s' "no such host ($reason). Is the name right?" ;;
    '') printf '%s' "no answer within 20 s. Does 'ssh -o BatchMode=yes $2 true' return at once?" ;;
    *) printf '%s' "ssh does not reach it ($reason). Is it on, and sshd running?" ;;
  esac
}

# What a host tells of itself, as lines `KEY VALUE`. The variables folder, command, data, recipes and out come before it.
# shellcheck disable=SC2016  # for the other hosts
host_facts='
cd "$folder" 2>/dev/null || cd || exit
printf "openmpi %s\n" "$(command -v orted >/dev/null && mpirun --version 2>/dev/null | sed -n "1s/^mpirun (Open MPI) //p")"
file=$(command -v -- "$command") && file=$(readlink -f -- "$file")
case $file in
  "") printf "sum none\n" ;;
  */lockstep)
    printf "sum %s\n" "$(sha256sum -- "$file" | cut -d " " -f 1)"
    ldd "$file" | sed -n "s/^[[:space:]]*\([^ ]*\) => not found.*/unlinked \1/p"
    ;;
  *) printf "sum any\n" ;;
esac
printf "cores %s\n" "$(nproc)"
printf "addresses %s\n" "$(hostname -I)"
[[ -z $data || -r $data/dataset.json ]] || printf "nodata %s/dataset.json\n" "$data"
for recipe in "${recipes[@]}"; do [[ -r $recipe ]] || printf "norecipe %s\n" "$recipe"; done
if [[ -n $out ]]; then
  place=$out
  until [[ -e $place ]]; do place=$(dirname -- "$place"); done
  [[ -w $place ]] || printf "closed %s\n" "$place"
fi
echo end'

fact() { sed -n "s/^$3 //p" "$1/$2.said"; } # fact FOLDER HOST KEY

number_of() { # number_of ADDRESS: 10.0.0.1 as one number
  local parts
  IFS=. read -ra parts <<<"$1"
  printf '%d\n' $(((parts[0] << 24) + (parts[1] << 16) + (parts[2] << 8) + parts[3]))
}

# Whether one of the addresses lies in a network such as 10.0.0.0/24.
lies_in() { # lies_in NETWORK ADDRESS...
  local network shift=$((32 - ${1#*/})) address
  network=$(number_of "${1%/*}")
  for address in "${@:2}"; do
    [[ $address != *:* ]] || continue
    if (($(number_of "$address") >> shift == network >> shift)); then return 0; fi
  done
  return 1
}

# check_hosts INTERFACE THREADS COMMAND...: asks all hosts; ends with 64 or 66 after a line for each thing that is wrong. Sets
# `crowded` where a host may get more threads than it has cores.
check_hosts() {
  local interface=$1 threads=$2 command=$3 folder=$PWD data='' out='' recipes=() previous='' word name first sum version answers code=0
  for word in "${@:4}"; do
    case $previous in --data) data=$word ;; --out) out=$word ;; esac
    case $word in --data=*) data=${word#*=} ;; --out=*) out=${word#*=} ;; *.yaml | *.yml) recipes+=("$word") ;; esac
    previous=$word
  done
  answers=$(mktemp -d)
  # shellcheck disable=SC2064  # the folder of now
  trap "rm -rf '$answers'" EXIT
  ask_hosts "$answers" "export LD_LIBRARY_PATH=$(printf '%q' "${LD_LIBRARY_PATH-}")
$(declare -p folder command data recipes out)$host_facts"

  # Rank 0 is on this machine where it is one of the hosts, else on the first.
  first=${host_names[0]}
  for name in "${host_names[@]}"; do
    if is_this_machine "$name"; then first=$name; fi
  done
  version=$(mpirun --version | sed -n '1s/^mpirun (Open MPI) //p')
  sum=$(readlink -f -- "$(type -P -- "$command")") || sum=''
  if [[ $sum == */lockstep ]]; then sum=$(sha256sum -- "$sum" | cut -d ' ' -f 1); else sum=any; fi
  for name in "${host_names[@]}"; do check_host "$name"; done
  trap - EXIT
  rm -rf "$answers"
  [[ $code == 0 ]] || fail "$code" "nothing was started"
}

# One host's answers, within check_hosts.
check_host() {
  local name=$1 found addresses missing
  wrong() { # wrong CODE SENTENCE
    say "launch/${0##*/}: $name: $2"
    if ((code != 64)); then code=$1; fi
  }
  has_answered "$answers" "$name" || { wrong 64 "$(why_silent "$answers" "$name")" && return; }

  found=$(fact "$answers" "$name" openmpi)
  if [[ -z $found ]]; then
    wrong 64 "no Open MPI on the PATH that ssh gives there: apt-get install openmpi-bin"
  elif [[ $found != "$version" ]]; then
    wrong 64 "Open MPI $found, but $version on $(hostname): all hosts need the same"
  fi
  found=$(fact "$answers" "$name" sum)
  if [[ $found == none ]]; then
    wrong 66 "no $command there. Copy it to the same path, or share the folder"
  elif [[ $found != "$sum" && $found != any ]]; then
    wrong 64 "another $command than on $(hostname) (sha256sum). Copy it there, or share the folder"
  fi
  found=$(fact "$answers" "$name" unlinked)
  [[ -z $found ]] || wrong 64 "$command lacks libraries there (${found//$'\n'/, }): install them, or set LD_LIBRARY_PATH here"
  if [[ -n $interface ]]; then
    read -ra addresses <<<"$(fact "$answers" "$name" addresses)"
    lies_in "$interface" "${addresses[@]}" || wrong 64 "no address within --interface $interface; it has: ${addresses[*]}"
  fi
  found=$(fact "$answers" "$name" nodata)
  [[ -z $found ]] || wrong 66 "no $found there. Every host needs the data set, shared or a copy, at the same path"
  if [[ $name == "$first" ]]; then
    while IFS= read -r missing; do
      wrong 66 "no $missing there, where rank 0 is, which reads it for all"
    done < <(fact "$answers" "$name" norecipe)
    found=$(fact "$answers" "$name" closed)
    [[ -z $found ]] || wrong 64 "rank 0 cannot write $out there: $found is read-only, or another user's"
  fi
  if ((slots_of[$name] * threads > $(fact "$answers" "$name" cores))); then crowded=yes; fi
}
