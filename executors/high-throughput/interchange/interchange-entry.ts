/** The interchange process: file descriptor 3 leads to its driver, which tells it everything else. */
import { Interchange } from './interchange.ts';

const DRIVER_FD = 3;

new Interchange(DRIVER_FD);
