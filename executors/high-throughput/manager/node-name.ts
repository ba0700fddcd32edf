/** What this node is called, as schedulers and MPI launchers know it. */
import { hostname } from 'node:os';

/**
 * Slurm's commands know a node by the name in SLURMD_NODENAME alone, and not by its host name with a domain. The variable may have come from
 * another node (ssh, an mpiexec): it is believed where it is the beginning of the host's own name.
 */
export const nameOfNode = (host: string, slurm: string | undefined): string =>
  slurm !== undefined && host.split('.', 1)[0] === slurm ? slurm : host;

export const nodeName = (): string => nameOfNode(hostname(), process.env['SLURMD_NODENAME']);
