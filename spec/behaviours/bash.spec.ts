import { forEachExecutor } from '../support/kernel.ts';
import { describeBash } from './bash.ts';

forEachExecutor('bash apps', describeBash);
