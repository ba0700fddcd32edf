import { threads } from '../support/kernel.ts';
import { describeRetryHandler } from './retry-handler.ts';

// The kernel alone asks it: one executor is enough.
describe('a retry handler', () => describeRetryHandler(threads));
