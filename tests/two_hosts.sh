#!/usr/bin/env bash
# A training on two hosts: two network namespaces of this machine, with a pair of virtual Ethernet devices between them. mpirun starts one
# rank in each; their messages go over TCP, through the pair, and the model must be that of one process. Then the second host dies, and one
# process goes on from the checkpoint. mpirun 5 then ends with 0, mpirun 4 with another code: that there is no model tells.
#
#     two_hosts.sh MPIRUN CARRYNET
#
# MPIRUN is OpenMPI's; "" is none, and 77 the exit code that ctest takes for a skip. Making namespaces takes root and CAP_NET_ADMIN, which
# containers may lack: that is said, and is no failure. What is made is taken away again at the end, whatever happens.
set -u
mpirun=$1 program=$(realpath "$2") name=carrynet-$$
if ! command -v "$mpirun" > /dev/null; then
    printf 'SKIP: no mpirun, or built without MPI. Debian, Ubuntu: apt-get install libopenmpi-dev openmpi-bin\n'
    exit 77
fi
if ! "$mpirun" --version 2>&1 | grep -qiE 'open *(mpi|rte)'; then
    printf 'SKIP: this way to start ranks on two hosts is OpenMPI'"'"'s alone\n'
    exit 77
fi
prrte=$("$mpirun" --version | grep -E 'Open MPI\) ([5-9]|[1-9][0-9])') # the launcher of OpenMPI 5 and later
if ! command -v ip > /dev/null; then
    printf 'SKIP: no ip. Debian, Ubuntu: apt-get install iproute2\n'
    exit 77
fi
work=$(mktemp -d)

end() {
    local host
    for host in 1 2; do
        ip netns pids "$name-$host" 2> "$work/none" | xargs -r kill -9
        ip netns delete "$name-$host" 2> "$work/none" # and its end of the pair
    done
    rm -rf "$work"
}
trap end EXIT
trap 'exit 143' INT TERM HUP

# host NUMBER DEVICE: a namespace with its end of the pair.
host() {
    ip netns exec "$name-$1" ip link set lo up &&
        ip netns exec "$name-$1" ip link set "$2" up &&
        ip netns exec "$name-$1" ip address add "10.93.38.$1/24" dev "$2"
}

if ! { ip netns add "$name-1" && ip netns add "$name-2" &&
    ip -n "$name-1" link add carry1 type veth peer name carry2 netns "$name-2" &&
    host 1 carry1 && host 2 carry2 && ip netns exec "$name-2" unshare --uts true; } > "$work/said" 2>&1; then
    printf 'no network namespaces here: %s\n' "$(head -n 1 "$work/said")"
    exit 0
fi

# In place of ssh: mpirun names the other host, and then what is to run there.
cat > "$work/agent" << END
#!/bin/sh
while [ "\${1#-}" != "\$1" ]; do shift; done
printf '%s\n' "\$1" >> "$work/asked"
shift
exec ip netns exec $name-2 unshare --uts sh -c 'hostname second; exec sh -c "\$*"' sh "\$@"
END
chmod +x "$work/agent"

bytes() {
    ip netns exec "$name-1" cat "/sys/class/net/carry1/statistics/$1_bytes"
}

# train OUTPUT COMMAND...: 3 blocks a batch; `more` has further options.
train() {
    local output=$1
    shift
    "$@" "$program" train --device reference --batch 130 --seed 3 "${more[@]}" -o "$work/$output" > "$work/$output.said" 2>&1
}

# fail OUTPUT MESSAGE...
fail() {
    printf '%s\n' "${*:2}"
    cat "$work/$1.said"
    exit 1
}

export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_mpi_yield_when_idle=1 OMPI_MCA_hwloc_base_binding_policy=none
export OMPI_MCA_plm=rsh OMPI_MCA_plm_rsh_agent=$work/agent OMPI_MCA_btl=tcp,self OMPI_MCA_pml=ob1
export OMPI_MCA_btl_tcp_if_include=10.93.38.0/24 OMPI_MCA_oob_tcp_if_include=10.93.38.0/24
# The launcher of OpenMPI 5 is PRRTE, which has variables of its own, and counts the two hosts as one slot.
export PRTE_MCA_rmaps_default_mapping_policy=node:oversubscribe PRTE_MCA_plm=ssh PRTE_MCA_plm_ssh_agent=$work/agent PRTE_MCA_prte_if_include=10.93.38.0/24 PRTE_MCA_hwloc_default_binding_policy=none
unset OMPI_COMM_WORLD_SIZE OMPI_COMM_WORLD_RANK
on_both=(timeout -k 5 60 ip netns exec "$name-1" "$mpirun" -n 2 --host "10.93.38.1:1,10.93.38.2:1")

more=(--updates 60)
train one || fail one 'in one process'
sent=$(bytes tx) received=$(bytes rx)
train two "${on_both[@]}" || fail two "on two hosts: exit code $?"
sent=$(($(bytes tx) - sent)) received=$(($(bytes rx) - received))
cmp "$work/one" "$work/two" || fail two 'on two hosts: another model'
grep -q '2 ranks' "$work/two.said" || fail two 'on two hosts: not 2 ranks'
# Each rank tells the other at least one root of 304 weights of 4 bytes an update.
if [ "$sent" -lt 72960 ] || [ "$received" -lt 72960 ] || [ "$(cat "$work/asked")" != 10.93.38.2 ]; then
    fail two "sent $sent bytes, received $received: the ranks were not on two hosts"
fi
printf 'two hosts, 2 ranks: the same model; %d bytes there, %d back\n' "$sent" "$received"

more=(--updates 2000)
train whole || fail whole 'in one process'
more+=(--checkpoint "$work/state" --checkpoint-every 20)
train cut "${on_both[@]}" &
job=$!
for ((i = 0; i < 600; ++i)); do
    [ ! -s "$work/state" ] || break
    sleep 0.05
done
lost=$(ip netns pids "$name-2")
if [ ! -s "$work/state" ] || [ -z "$lost" ]; then
    fail cut 'no checkpoint, or nothing runs on the second host'
fi
printf '%s\n' "$lost" | xargs kill -9
wait $job
code=$?
if [ $code -eq 124 ] || [ -e "$work/cut" ] || { [ $code -eq 0 ] && [ -z "$prrte" ]; }; then
    fail cut "a host dies: exit code $code"
fi
more+=(--resume)
train cut || fail cut "a host dies, and one process goes on: exit code $?"
cmp "$work/whole" "$work/cut" || fail cut 'a host dies, and one process goes on: another model'
printf 'a host dies: exit code %d, and one process goes on to the same model\n' $code
