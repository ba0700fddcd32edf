import { forEachExecutor } from '../support/kernel.ts';
import { describeGroups } from './groups.ts';

forEachExecutor('task groups', describeGroups);
