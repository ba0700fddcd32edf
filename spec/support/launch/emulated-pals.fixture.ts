/**
 * mpiexec of Cray PALS as it is documented, with a process per rank on this machine. PBS_NODEFILE or --hostfile names the nodes.
 * It writes the environments of the ranks to the file that EMULATED_LOG names.
 *
 * Sources: ALCF user guides, docs/polaris/running-jobs/index.md (2026-02-17) and docs/aurora/running-jobs-aurora.md (2026-07-27): -n, --np,
 * -ppn, --ppn, -d, --depth, --cpu-bind, --env, --hostfile and its default. `cray mpiexec --help` of HPE's craycli (PALS, 2020–2021): the
 * other options, the keywords of bindings, and that a rank that fails ends the application unless --no-abort-on-failure. The words for an
 * option that it does not know are those that users of Polaris and Aurora report. Variables of a rank: Slurm's plugin mpi/cray_shasta and
 * flux-shell-cray-pals(1), which stand in for PALS.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { type OptionRule, readOptions } from './strict-options.ts';
import { runRanks } from './ranks.ts';

const COUNT = /^[1-9]\d*$/;
const CPU_LIST = String.raw`\d+(-\d+)?(,\d+(-\d+)?)*`;
const RULES: readonly OptionRule[] = [
  { names: ['--np', '-np', '-n'], value: COUNT },
  { names: ['--ppn', '-ppn'], value: /^\d+$/ },
  { names: ['--depth', '-d'], value: COUNT },
  { names: ['--hostfile', '-hostfile', '-f'], value: /./ },
  { names: ['--hosts', '-hosts', '--host', '-host', '--hostlist', '-hostlist'], value: /^[^,]+(,[^,]+)*$/ },
  {
    names: ['--cpu-bind'],
    value: new RegExp(`^(verbose,)?(none|numa|socket|core|thread|depth|list:${CPU_LIST}(:${CPU_LIST})*|mask:[\\da-fx,]+)$`),
  },
  { names: ['--mem-bind'], value: /^(verbose,)?(none|local|list:.+|mask:.+)$/ },
  { names: ['--env', '-env'], value: /^\w+=/ },
  { names: ['--wdir', '-wdir'], value: /./ },
  { names: ['--pmi'], value: /^(cray|pmix|none)$/i },
  { names: ['--envall', '-envall'] },
  { names: ['--envnone', '-envnone'] },
  { names: ['--label', '-l'] },
  { names: ['--no-label'] },
  { names: ['--line-buffer'] },
  { names: ['--no-line-buffer'] },
  { names: ['--transfer'] },
  { names: ['--no-transfer'] },
  { names: ['--abort-on-failure'] },
  { names: ['--no-abort-on-failure'] },
  { names: ['--exclusive'] },
  { names: ['--shared'] },
];

/** Hardware threads of a Polaris node. */
const CPUS_PER_NODE = 64;
const { env } = process;

async function main(): Promise<number> {
  const { given, argv } = readOptions(process.argv.slice(2), RULES);
  if (argv.length === 0) throw new Error('no executable given');
  const count = Number(given.get('--np') ?? 1);
  const hosts = readHosts(given);
  const ppn = Number(given.get('--ppn') ?? 0) || Math.ceil(count / hosts.length);
  const depth = Number(given.get('--depth') ?? 1);
  if (count > ppn * hosts.length) throw new Error(`${count} ranks do not fit ${hosts.length} node(s) with ${ppn} each`);
  if (ppn * depth > CPUS_PER_NODE) throw new Error(`${ppn} rank(s) of depth ${depth} do not fit ${CPUS_PER_NODE} CPUs`);
  const inherited = given.has('--envnone') ? { PATH: env.PATH } : env;
  const ranks = Array.from({ length: count }, (_, rank) => ({
    argv,
    env: { ...inherited, ...rankVariables(rank, count, ppn), EMULATED_HOST: hosts[Math.floor(rank / ppn)], EMULATED_RANK: `${rank}` },
    label: given.has('--label') ? `${hosts[Math.floor(rank / ppn)]} ${rank}: ` : '',
  }));
  if (env.EMULATED_LOG !== undefined) writeFileSync(env.EMULATED_LOG, JSON.stringify(ranks.map((rank) => rank.env)));
  const codes = await runRanks(ranks, {
    abortOnFailure: !given.has('--no-abort-on-failure'),
    passOn: (signal) => signal,
    withInput: false,
  });
  return codes.find((code) => code !== 0) ?? 0;
}

function readHosts(given: ReadonlyMap<string, string>): string[] {
  const listed = given.get('--hosts')?.split(',');
  const file = given.get('--hostfile') ?? env.PBS_NODEFILE;
  const hosts =
    listed ??
    (file === undefined
      ? ['localhost']
      : readFileSync(file, 'utf8')
          .split('\n')
          .filter((line) => line !== ''));
  if (hosts.length === 0) throw new Error('No host list provided');
  return [...new Set(hosts)];
}

function rankVariables(rank: number, count: number, ppn: number): Record<string, string> {
  const local = `${rank % ppn}`;
  return {
    PALS_APID: '7f1e0d4c-0000-0000-0000-000000000000',
    PALS_RANKID: `${rank}`,
    PALS_NODEID: `${Math.floor(rank / ppn)}`,
    PALS_LOCAL_RANKID: local,
    PMI_RANK: `${rank}`,
    PMI_SIZE: `${count}`,
    PMI_LOCAL_RANK: local,
    PMI_LOCAL_SIZE: `${ppn}`,
    PMI_UNIVERSE_SIZE: `${count}`,
  };
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`mpiexec: ${(error as Error).message}\n`);
  process.exitCode = 1;
}
