#!/bin/bash
# A real Slurm of several machines, inside this one: a login node with the controller, and compute nodes. Each machine is a set of
# namespaces (network, host name, mounts, processes, IPC) held by one process; killing that is a power cut. They share the disk and a
# network of their own that leads nowhere else. Needs root and Debian's Slurm, munge, MariaDB and iproute2.
#
#   cluster.sh hold        starts it, prints "up", and takes it down when its stdin is closed
#   cluster.sh on HOST COMMAND...    runs a command there, in this directory; HOST is login, n1, n2, …
#   cluster.sh cut HOST    power cut;    boot HOST    starts it again
#   cluster.sh unplug HOST its network cable;    plug HOST    puts it back
#   cluster.sh daemon NAME stop|start    slurmctld or munged of the login node
#
# CLUSTER: folder for all its files. NODES: how many. EXTRA: more lines for slurm.conf.
set -euo pipefail
export PATH="/usr/sbin:/usr/bin:/sbin:/bin:$PATH"
: "${CLUSTER:?is the folder for the files of the cluster}"
NODES="${NODES:-2}"
SUBNET=10.91.7
HERE="$(readlink -f "$0")"
export SLURM_CONF="$CLUSTER/slurm.conf"

fail() { echo "cluster: $*" >&2; exit 1; }

machines() { echo login; seq -f 'n%.0f' 1 "$NODES"; }

address_of() {
  case "$1" in
    login) echo "$SUBNET.1" ;;
    n[1-9]*) echo "$SUBNET.$((100 + ${1#n}))" ;;
    *) fail "there is no machine '$1'" ;;
  esac
}

# until_true SECONDS WHAT COMMAND...
until_true() {
  local left=$(($1 * 20)) what="$2"
  shift 2
  until "$@" >/dev/null 2>&1; do
    [ $((left -= 1)) -gt 0 ] || fail "waited in vain for $what; see $CLUSTER/log"
    sleep 0.05
  done
}

# ---- one machine -----------------------------------------------------------------------------------------------------------------

# Process that is pid 1 of the machine, as it is called out here. Fails while the machine is off.
init_of() {
  local holder init
  holder="$(cat "$CLUSTER/run/$1.pid" 2>/dev/null)" || return 1
  init="$(cat "/proc/$holder/task/$holder/children" 2>/dev/null)" || return 1
  [ -n "$init" ] && echo "${init%% *}"
}

run_on() {
  local init
  init="$(init_of "$1")" || { echo "cluster: $1 is off" >&2; return 69; }
  shift
  # shellcheck disable=SC2016
  nsenter --target "$init" --net --uts --mount --ipc --pid -- /bin/sh -c 'cd "$0" 2>/dev/null || cd /; exec "$@"' "$PWD" "$@"
}

# Pid 1 of a machine: makes the machine what it is, and then reaps its orphans until it is killed.
be_machine() {
  local name="$1"
  hostname "$name"
  mount --make-rprivate /
  ip link set lo up
  mount --bind "$CLUSTER/hosts" /etc/hosts
  mount -t tmpfs -o mode=755 tmpfs /run
  mkdir -p /run/mysqld /run/lock
  mount -t tmpfs -o mode=1777 tmpfs /dev/shm
  mkdir -p "$CLUSTER/spool/$name" "$CLUSTER/spool/here"
  mount --bind "$CLUSTER/spool/$name" "$CLUSTER/spool/here"
  touch /run/machine-is-ready
  while :; do
    sleep 1000 &
    wait "$!" || :
  done
}

start_machine() {
  local name="$1"
  ! init_of "$name" >/dev/null || return 0
  setsid unshare --net --uts --mount --ipc --pid --fork --kill-child --mount-proc \
    bash "$HERE" be-machine "$name" </dev/null >>"$CLUSTER/log/$name.out" 2>&1 &
  echo "$!" > "$CLUSTER/run/$name.pid"
  disown "$!"
  until_true 20 "machine $name" run_on "$name" test -e /run/machine-is-ready
  if [ "$name" = login ]; then
    run_on login ip link add switch address 02:f1:07:00:00:01 type bridge
    run_on login ip addr add "$SUBNET.1/24" dev switch
    run_on login ip link set switch up
  else
    connect "$name"
  fi
}

# The hardware address is fixed, or the others' ARP caches would be wrong after a reboot.
connect() {
  local name="$1" number="${1#n}"
  run_on login ip link del "$name" 2>/dev/null || :
  ip link add "$name" netns "$(init_of login)" type veth peer name eth0 address "$(printf '02:f1:07:00:01:%02x' "$number")" netns "$(init_of "$name")"
  run_on login ip link set "$name" master switch up
  run_on "$name" ip addr add "$(address_of "$name")/24" dev eth0
  run_on "$name" ip link set eth0 up
}

stop_machine() {
  local init
  init="$(init_of "$1")" || return 0
  kill -KILL "$init"
  until_true 20 "the end of $1" test ! -e "/proc/$init"
}

# ---- its services ----------------------------------------------------------------------------------------------------------------

# service HOST COMMAND...: one that puts itself into the background.
service() {
  local host="$1"
  shift
  run_on "$host" "$@" </dev/null >>"$CLUSTER/log/$host.out" 2>&1 || fail "$1 did not start on $host; see $CLUSTER/log"
}
is_running() { run_on "$1" pgrep -x "$2" >/dev/null; }
listens() { run_on "$1" sh -c "ss -ltn | grep -q ':$2 '"; }

start_munged() {
  is_running login munged || service login munged --force --key-file="$CLUSTER/munge.key" --socket="$CLUSTER/run/munge.socket" \
    --pid-file="$CLUSTER/run/munged.pid" --log-file="$CLUSTER/log/munged.log" --seed-file="$CLUSTER/run/munge.seed"
}

start_database() {
  is_running login mariadbd || {
    # shellcheck disable=SC2016
    service login sh -c 'setsid mariadbd --no-defaults --user=root --datadir="$0/mysql" --skip-networking --skip-grant-tables \
      --socket=/run/mysqld/mysqld.sock --pid-file=/run/mysqld/mysqld.pid --innodb-buffer-pool-size=64M \
      --innodb-flush-log-at-trx-commit=0 --innodb-lock-wait-timeout=900 >>"$0/log/mariadb.log" 2>&1 &' "$CLUSTER"
    until_true 60 MariaDB run_on login mariadb-admin --no-defaults --socket=/run/mysqld/mysqld.sock ping
  }
  is_running login slurmdbd || service login slurmdbd
  until_true 60 slurmdbd listens login 6819
}

start_controller() {
  is_running login slurmctld || service login slurmctld -f "$SLURM_CONF"
  until_true 60 slurmctld run_on login scontrol ping
}

start_node_daemon() {
  is_running "$1" slurmd || service "$1" slurmd -N "$1" -f "$SLURM_CONF"
  until_true 60 "slurmd on $1" listens "$1" 6818
}

nodes_are_idle() { [ "$(run_on login sinfo --noheader --Node --partition=debug --format=%T | grep -c '^idle$')" = "$NODES" ]; }

# ---- all of it -------------------------------------------------------------------------------------------------------------------

write_files() {
  umask 022
  mkdir -p "$CLUSTER"/{log,run,spool,state,dev}
  { echo "127.0.0.1 localhost"; for name in $(machines); do echo "$(address_of "$name") $name"; done; } > "$CLUSTER/hosts"
  (umask 077; head -c 128 /dev/urandom > "$CLUSTER/munge.key")
  for number in 0 1; do mknod "$CLUSTER/dev/gpu$number" c 1 3; done
  echo "NodeName=n[1-$NODES] Name=gpu File=$CLUSTER/dev/gpu[0-1]" > "$CLUSTER/gres.conf"
  printf 'CgroupPlugin=cgroup/v1\nCgroupMountpoint=/sys/fs/cgroup\nCgroupAutomount=no\n' > "$CLUSTER/cgroup.conf"
  (umask 077; cat > "$CLUSTER/slurmdbd.conf" <<END
AuthType=auth/munge
AuthInfo=socket=$CLUSTER/run/munge.socket
DbdHost=login
DbdPort=6819
SlurmUser=root
StorageType=accounting_storage/mysql
StorageHost=localhost
StorageUser=root
StorageLoc=slurm
LogFile=$CLUSTER/log/slurmdbd.log
PidFile=$CLUSTER/run/slurmdbd.pid
CommitDelay=1
END
  )
  cat > "$SLURM_CONF" <<END
ClusterName=flotilla
SlurmctldHost=login($SUBNET.1)
AuthType=auth/munge
AuthInfo=socket=$CLUSTER/run/munge.socket
SlurmUser=root
SlurmdUser=root
StateSaveLocation=$CLUSTER/state
SlurmdSpoolDir=$CLUSTER/spool/here
SlurmctldPidFile=$CLUSTER/run/slurmctld.pid
SlurmdPidFile=$CLUSTER/run/slurmd-%n.pid
SlurmctldLogFile=$CLUSTER/log/slurmctld.log
SlurmdLogFile=$CLUSTER/log/slurmd-%n.log
PlugStackConfig=/dev/null
MailProg=/bin/true
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
SlurmdParameters=config_overrides
SlurmctldTimeout=30
SlurmdTimeout=10
InactiveLimit=0
KillWait=5
MinJobAge=300
MessageTimeout=10
BatchStartTimeout=60
CompleteWait=0
SchedulerType=sched/backfill
SchedulerParameters=bf_interval=2,sched_interval=2,batch_sched_delay=0
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
DefMemPerCPU=100
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
JobRequeue=1
JobAcctGatherType=jobacct_gather/linux
GresTypes=gpu
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=$SUBNET.1
AccountingStoragePort=6819
AccountingStorageEnforce=associations,limits,qos
AccountingStoragePass=$CLUSTER/run/munge.socket
NodeName=n[1-$NODES] NodeAddr=$SUBNET.[101-$((100 + NODES))] CPUs=4 RealMemory=4000 Gres=gpu:2 State=UNKNOWN
PartitionName=debug Nodes=ALL Default=YES MaxTime=1-00:00:00 DefaultTime=00:30:00 PriorityTier=10 State=UP
PartitionName=short Nodes=ALL MaxTime=00:01:00 DefaultTime=00:01:00 PriorityTier=10 State=UP
PartitionName=scavenge Nodes=ALL MaxTime=1-00:00:00 DefaultTime=00:30:00 PriorityTier=1 PreemptMode=REQUEUE State=UP
# Of each machine its own, as /tmp is elsewhere: PMIx makes folders there by the name of the step.
TmpFS=/dev/shm
${EXTRA:-}
END
  mariadb-install-db --no-defaults --user=root --datadir="$CLUSTER/mysql" --skip-test-db >"$CLUSTER/log/mariadb-install.log" 2>&1
}

up() {
  [ "$(id -u)" = 0 ] || fail "machines are made by root only"
  write_files
  for name in $(machines); do start_machine "$name"; done
  start_munged
  start_database
  start_controller
  for name in $(machines); do [ "$name" = login ] || start_node_daemon "$name"; done
  until_true 60 "the nodes" nodes_are_idle
}

down() {
  for name in $(machines); do stop_machine "$name" || :; done
}

case "${1:-}" in
  hold)
    trap down EXIT
    trap exit TERM INT HUP
    up
    echo up
    cat >/dev/null
    ;;
  be-machine) be_machine "$2" ;;
  on) shift; run_on "$@" ;;
  init) init_of "$2" ;;
  cut) stop_machine "$2" ;;
  boot) start_machine "$2"; start_node_daemon "$2" ;;
  unplug) run_on "$2" ip link set eth0 down ;;
  plug) run_on "$2" ip link set eth0 up ;;
  daemon)
    if [ "$3" = stop ]; then
      run_on login pkill -x "$2"
      until_true 30 "the end of $2" eval "! is_running login $2"
    elif [ "$2" = munged ]; then start_munged
    else start_controller; fi
    ;;
  *) sed -n '2,13p' "$HERE"; exit 2 ;;
esac
