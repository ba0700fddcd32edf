import { forEachExecutor } from '../support/kernel.ts';
import { describeKernel, describeRefusedConfigs } from './kernel.ts';

forEachExecutor('a kernel', describeKernel);

describe('a config that cannot be', describeRefusedConfigs);
