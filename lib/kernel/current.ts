/**
 * The kernel that apps use: one at a time in a process, also when two copies of the package are loaded.
 */
import type { DataFlowKernel } from './kernel.ts';

const KEY = Symbol.for('flotilla.kernel');
const holder = globalThis as { [KEY]?: DataFlowKernel | undefined };

export const currentKernel = (): DataFlowKernel | undefined => holder[KEY];

export function setCurrentKernel(kernel: DataFlowKernel | undefined): void {
  holder[KEY] = kernel;
}
