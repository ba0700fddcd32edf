import { forEachExecutor } from '../support/kernel.ts';
import { describeFailurePolicies } from './failure-policies.ts';

forEachExecutor('failure policies', describeFailurePolicies);
