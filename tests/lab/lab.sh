#!/usr/bin/env bash
# A cluster on one machine: hosts are namespaces (network, host name, processes, mounts, shared memory)
# on a bridge that leads nowhere else, with a real Slurm. For root, on Linux.
#
#   lab.sh up N             hosts n1 to nN for work, and `login`, with Slurm; returns when all are idle
#   lab.sh on HOST WORD...  run a command there
#   lab.sh crash HOST       as if its power were cut
#   lab.sh link HOST down   its cable pulled out; `up` puts it back in
#   lab.sh apart HOST HOST  the two no longer reach each other, but all others
#   lab.sh lose PERCENT     of all packets
#   lab.sh heal             the end of `apart` and `lose`
#   lab.sh down             end all of it
#
# LAB names the folder for what it needs, on which the hosts' scratch is mounted, too.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
lab=${LAB:?the folder for the lab}
net=10.87.0
export SLURM_CONF=$lab/slurm.conf

pid_of() { cat "$lab/run/$1"; }
address_of() { if [[ $1 == login ]]; then echo $net.254; else echo "$net.${1#n}"; fi; }
on() {
    local host=$1
    shift
    nsenter --target "$(pid_of "$host")" --net --uts --mount --pid --ipc -- env -C "$PWD" "$@"
}
in_switch() { nsenter --target "$(pid_of switch)" --net -- "$@"; }

# wait_for SECONDS COMMAND...
wait_for() {
    local end=$((SECONDS + $1))
    shift
    until "$@"; do
        if ((SECONDS > end)); then echo "lab.sh: $* has not come true" >&2 && return 1; fi
        sleep 0.02
    done
}

# The first process of a host: sets it up, and buries orphans.
boot() {
    local host=$1 outside inside
    setsid unshare --net --uts --ipc --mount --pid --fork --kill-child --mount-proc \
        bash "$here/host.sh" "$host" "$lab" >"$lab/log/$host" 2>&1 </dev/null &
    outside=$!
    echo $outside >"$lab/run/$host.outside"
    wait_for 10 test -e "$lab/run/$host.ready"
    read -r inside _ <"/proc/$outside/task/$outside/children" || true # it ends in no line break
    echo "$inside" >"$lab/run/$host"
    in_switch ip link add "to-$host" type veth peer name eth0 netns "$(pid_of "$host")"
    in_switch ip link set "to-$host" master bridge up
    on "$host" ip address add "$(address_of "$host")/24" dev eth0
    on "$host" ip link set eth0 up
    on "$host" ip link set lo up
}

start_slurm() {
    local count=$1 i
    (umask 077 && head -c 128 /dev/urandom >"$lab/munge/key")
    sed "s|@LAB@|$lab|g; s|@COUNT@|$count|g; s|@NET@|$net|g" "$here/slurm.conf.in" >"$SLURM_CONF"
    echo "PMIxCliTmpDirBase=$lab/local" >"$lab/mpi.conf"
    echo "CgroupPlugin=cgroup/v1" >"$lab/cgroup.conf" # looks for no cgroup
    on login munged --key-file="$lab/munge/key" --socket="$lab/munge/socket" \
        --pid-file="$lab/munge/pid" --log-file="$lab/log/munge" --seed-file="$lab/munge/seed"
    on login slurmctld -f "$SLURM_CONF" -c -i
    for ((i = 1; i <= count; ++i)); do
        mkdir -p "$lab/spool/n$i"
        on "n$i" slurmd -f "$SLURM_CONF" -N "n$i"
    done
    wait_for 30 all_idle "$count"
}
all_idle() { [[ $(on login sinfo -h -N -t idle -o %N 2>/dev/null | sort -u | wc -l) == "$1" ]]; }

case ${1-} in
    up)
        count=$2
        mkdir -p "$lab"/{run,log,state,spool,munge,local}
        chmod 755 "$lab/munge"
        {
            echo 127.0.0.1 localhost
            echo $net.254 login
            for ((i = 1; i <= count; ++i)); do echo $net.$i n$i; done
        } >"$lab/hosts"
        setsid unshare --net sleep infinity >/dev/null 2>&1 </dev/null &
        echo $! >"$lab/run/switch"
        mine=$(readlink /proc/self/ns/net)
        is_apart() { [[ $(readlink "/proc/$(pid_of switch)/ns/net") != "$mine" ]]; }
        wait_for 10 is_apart
        in_switch ip link add bridge type bridge forward_delay 0 stp_state 0
        in_switch ip link set bridge up
        boot login
        for ((i = 1; i <= count; ++i)); do boot "n$i"; done
        start_slurm "$count"
        ;;
    on) shift && on "$@" ;;
    crash)
        kill -9 "$(pid_of "$2")"
        rm "$lab/run/$2" "$lab/run/$2.outside"
        ;;
    link) in_switch ip link set "to-$2" "$3" ;;
    apart) for host in "$2" "$3"; do in_switch bridge link set dev "to-$host" isolated on; done ;;
    lose)
        in_switch nft add table bridge loss
        in_switch nft 'add chain bridge loss every { type filter hook forward priority 0; }'
        in_switch nft add rule bridge loss every numgen random mod 100 '<' "$2" drop
        ;;
    heal)
        for port in "$lab"/run/n*.ready; do
            in_switch bridge link set dev "to-$(basename "$port" .ready)" isolated off || true
        done
        in_switch nft delete table bridge loss 2>/dev/null || true
        ;;
    down)
        for file in "$lab"/run/*.outside; do
            [[ -e $file ]] || continue
            kill -9 "$(pid_of "$(basename "$file" .outside)")" 2>/dev/null || true
        done
        [[ ! -e $lab/run/switch ]] || kill "$(pid_of switch)"
        ;;
    *) sed -n '2,17p' "${BASH_SOURCE[0]}" && exit 2 ;;
esac
