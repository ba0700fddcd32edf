import { forEachExecutor } from '../support/kernel.ts';
import { describeJoins } from './joins.ts';

forEachExecutor('joins', describeJoins);
