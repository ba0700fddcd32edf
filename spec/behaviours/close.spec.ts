import { forEachExecutor } from '../support/kernel.ts';
import { describeClose } from './close.ts';

forEachExecutor('the end of a script', describeClose);
