/** Folders to put on PATH, so that a script finds an emulation where it expects a site's program. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

type Environment = Record<string, string>;

const fixture = (name: string): string => join(import.meta.dirname, `${name}.fixture.ts`);
const runFixture = (name: string): string => `exec '${process.execPath}' '${fixture(name)}' "$@"`;

/** In `dir`. @returns what PATH must be. */
async function standIn(dir: string, programs: Readonly<Record<string, string>>): Promise<string> {
  const bin = join(dir, 'bin');
  await mkdir(bin, { recursive: true });
  for (const [name, body] of Object.entries(programs)) await writeFile(join(bin, name), `#!/bin/bash\n${body}\n`, { mode: 0o755 });
  return `${bin}:${process.env.PATH}`;
}

/** A Slurm job with these nodes. */
export async function emulateSlurm(dir: string, nodes: readonly string[]): Promise<Environment> {
  const list = nodes.join(',');
  const scontrol = `[ "$1 $2 $#" = 'show hostnames 3' ] || { echo "scontrol: invalid: $*" >&2; exit 1; }\ntr , '\\n' <<< "$3"`;
  const PATH = await standIn(dir, { srun: runFixture('emulated-srun'), scontrol });
  return { PATH, EMULATED_NODES: list, SLURM_JOB_ID: '1', SLURM_JOB_NODELIST: list };
}

/** A PBS job on a machine with Cray PALS. PBS names a host once per chunk; here twice each. */
export async function emulatePals(dir: string, nodes: readonly string[]): Promise<Environment> {
  const PATH = await standIn(dir, { mpiexec: runFixture('emulated-pals') });
  return { PATH, PBS_NODEFILE: await writeNodeFile(dir, nodes) };
}

/**
 * A PBS job on a machine with the Open MPI that is installed here. Its daemons are started as on other nodes, by a program that is given
 * host and command, with a /tmp of their own each (they share files there by name) and with nothing of the job's environment.
 */
export async function openMpiOverNodes(dir: string, nodes: readonly string[]): Promise<Environment> {
  const root = { OMPI_ALLOW_RUN_AS_ROOT: '1', OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1', OMPI_MCA_rtc: '^hwloc' };
  const words = Object.entries(root).map(([name, value]) => `${name}='${value}'`);
  const startDaemon = [
    `tmp='${dir}'/tmp-"$1"`,
    'shift',
    'mkdir -p "$tmp"',
    `exec env -i PATH="$PATH" HOME="$HOME" TMPDIR="$tmp" ${words.join(' ')} bash -c "$*"`,
  ];
  const PATH = await standIn(dir, { 'start-daemon': startDaemon.join('\n') });
  const OMPI_MCA_plm_rsh_agent = join(dir, 'bin', 'start-daemon');
  return { ...root, PATH, OMPI_MCA_plm_rsh_agent, TMPDIR: dir, PBS_NODEFILE: await writeNodeFile(dir, nodes) };
}

/** A PBS job on a machine with MPICH's Hydra, mpiexec.hydra of Debian's package mpich. Its daemons get nothing of the job's environment either. */
export async function hydraOverNodes(dir: string, nodes: readonly string[]): Promise<Environment> {
  const shell = 'while [[ "$1" == -* ]]; do shift; done\nshift\nexec env -i PATH="$PATH" HOME="$HOME" bash -c "$*"';
  const PATH = await standIn(dir, { 'start-daemon': shell, mpiexec: 'exec mpiexec.hydra "$@"' });
  const HYDRA_LAUNCHER_EXEC = join(dir, 'bin', 'start-daemon');
  return { PATH, HYDRA_LAUNCHER: 'ssh', HYDRA_LAUNCHER_EXEC, PBS_NODEFILE: await writeNodeFile(dir, nodes) };
}

async function writeNodeFile(dir: string, nodes: readonly string[]): Promise<string> {
  const path = join(dir, 'nodefile');
  await writeFile(path, nodes.flatMap((node) => [node, node]).join('\n'));
  return path;
}
