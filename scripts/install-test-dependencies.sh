#!/bin/bash
# Installs what the specs and examples need of the system, on Debian and its kin: Python with venv and numpy, perl, what pins and
# supervises processes, a compiler for node-pty, GNU Parallel to compare with, Open MPI and MPICH to launch with and to compile for, OpenSSH, a Slurm with
# its database for a cluster in namespaces, nftables to cut cables, and strace for a bench. Does nothing where all of it is there. Without root it says what
# to install.
set -euo pipefail

missing=()

# need PACKAGE COMMAND...: the package is missing if the command fails.
need() {
  local package="$1"
  shift
  "$@" >/dev/null 2>&1 || missing+=("$package")
}

compiles_with() {
  echo '#include <mpi.h>' | "$1" -E - >/dev/null
}

any_python_with() {
  python3 -c "import $1" || /usr/bin/python3 -c "import $1"
}

need bash command -v bash
need python3 command -v python3
need python3-venv any_python_with ensurepip
need python3-numpy any_python_with numpy
need perl perl -MPOSIX -MSocket -MIO::Handle -e 1
need util-linux command -v setpriv
need util-linux command -v taskset
need procps command -v ps
need make command -v make
need g++ command -v g++
need parallel command -v parallel
need openmpi-bin command -v mpiexec
need mpich command -v mpiexec.hydra
need libopenmpi-dev compiles_with mpicc.openmpi
need libmpich-dev compiles_with mpicc.mpich
need slurm-wlm command -v sbatch
need slurmctld test -x /usr/sbin/slurmctld
need slurmd test -x /usr/sbin/slurmd
need slurmdbd test -x /usr/sbin/slurmdbd
need munge test -x /usr/sbin/munged
need mariadb-server test -x /usr/sbin/mariadbd
need iproute2 test -x /usr/sbin/ip -o -x /sbin/ip -o -x /bin/ip
need nftables test -x /usr/sbin/nft
need openssh-client command -v ssh
need openssh-server test -x /usr/sbin/sshd
need strace command -v strace

if [ "${#missing[@]}" -eq 0 ]; then
  exit 0
fi
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
  echo "specs need packages that are not installed: ${missing[*]}" >&2
  echo "install them, for example with: sudo apt-get install --no-install-recommends ${missing[*]}" >&2
  exit 1
fi

export DEBIAN_FRONTEND=noninteractive
apt-get -qq update
apt-get -qq install --yes --no-install-recommends "${missing[@]}" >/dev/null
