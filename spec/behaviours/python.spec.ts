import { forEachExecutor } from '../support/kernel.ts';
import { describePython } from './python.ts';

forEachExecutor('Python apps', describePython);
