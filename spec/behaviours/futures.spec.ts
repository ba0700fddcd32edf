import { forEachExecutor } from '../support/kernel.ts';
import { describeFutures } from './futures.ts';

forEachExecutor('futures and dependencies', describeFutures);
