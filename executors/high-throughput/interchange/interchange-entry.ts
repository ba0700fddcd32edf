/** The interchange process: file descriptor 3 leads to its driver, which tells it everything else. */
import { Interchange } from './interchange.ts';

const DRIVER_FD = 3;
const { FLOTILLA_INTERCHANGE_STATS: folder } = process.env;

new Interchange(DRIVER_FD, folder ? new (await import('./stats.ts')).InterchangeStats(folder) : undefined);
