/** What this node is called: as Slurm calls it, if it does, since its commands know no other name. */
import { hostname } from 'node:os';

export const nodeName = (): string => process.env['SLURMD_NODENAME'] || hostname();
