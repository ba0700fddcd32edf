import { forEachExecutor } from '../support/kernel.ts';
import { describeErrors } from './errors.ts';

forEachExecutor('errors, retries and time', describeErrors);
