import { forEachExecutor } from '../support/kernel.ts';
import { describeMemo } from './memo.ts';

forEachExecutor('results that are used again', describeMemo);
