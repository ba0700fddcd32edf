/**
 * `flotilla doctor`: what this machine has of what a config needs. Starts no worker.
 */
import { chooseConfig } from '../../configs/choose.ts';
import type { Config } from '../../configs/config.ts';
import { readConfig } from '../../configs/read.ts';
import { HighThroughputExecutor } from '../../executors/high-throughput/description.ts';
import { MPIExecutor } from '../../executors/mpi/description.ts';
import { ThreadPoolExecutor } from '../../executors/threads/description.ts';
import type { DoctorOptions } from '../command-line/doctor.ts';
import type { Check, Wanted } from '../doctor/check.ts';
import { checkDisk } from '../doctor/disk.ts';
import { checkLimits } from '../doctor/limits.ts';
import { checkMachine } from '../doctor/machine.ts';
import { checkNetwork } from '../doctor/network.ts';
import { checkPrograms } from '../doctor/programs.ts';
import { formatReport, isFit } from '../doctor/report.ts';
import { printJson, printLines } from '../print.ts';

export async function runDoctor({ config, set = [], json }: DoctorOptions): Promise<void> {
  const { source } = chooseConfig({ commandLine: config, argument: undefined, environment: process.env.FLOTILLA_CONFIG });
  const wanted = whatIsWanted(await readConfig(source, set));
  const checks: Check[] = [
    ...(await checkPrograms(wanted)),
    ...(await checkMachine()),
    ...(await checkNetwork(wanted)),
    ...checkDisk(wanted),
    ...checkLimits(),
  ];
  if (json) printJson({ config: String(source), fit: isFit(checks), checks });
  else printLines(formatReport(checks));
  if (!isFit(checks)) process.exitCode = 1;
}

function whatIsWanted({ compiled: { executors, runDir } }: Config): Wanted {
  const highThroughput = executors
    .filter((executor) => executor instanceof HighThroughputExecutor || executor instanceof MPIExecutor)
    .map(({ compiled }) => compiled);
  const threads = executors.filter((executor) => executor instanceof ThreadPoolExecutor).map(({ compiled }) => compiled);
  const pythons = [...highThroughput, ...threads].map(({ python }) => python ?? 'python3');
  return {
    pythons: [...new Set(pythons)],
    ports: highThroughput.map(({ workerPort, workerPortRange }) => (workerPort === undefined ? workerPortRange : [workerPort, workerPort])),
    runDir,
    isPinned: highThroughput.some(({ cpuAffinity }) => cpuAffinity.kind !== 'none'),
  };
}
