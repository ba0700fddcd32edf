/**
 * What descriptions of executors have in common whose blocks are served by managers: data that can be rehearsed and started. How it is
 * written is each one's own. Starting is start.ts, loaded then.
 */
import type { ExecutorContext, ExecutorDescription, RehearsalPlace, RunningExecutor } from '../../lib/executor.ts';
import type { Rehearsal } from '../../lib/provider.ts';
import type { CompiledHighThroughput } from './compiled.ts';

export abstract class ManagedDescription implements ExecutorDescription {
  abstract readonly type: string;
  /** As written. */
  abstract readonly options: object;
  /** What was written that has no effect, and why. */
  abstract readonly warnings: readonly string[];
  readonly label: string;
  readonly compiled: CompiledHighThroughput;

  constructor(compiled: CompiledHighThroughput) {
    this.compiled = compiled;
    this.label = compiled.label;
  }

  get orphanGraceMs(): number | undefined {
    return this.compiled.orphanGraceMs;
  }

  async rehearse(place: RehearsalPlace): Promise<Rehearsal | undefined> {
    const { rehearseBlock } = await import('./rehearse.ts');
    return rehearseBlock(this.compiled, place);
  }

  async examine(): Promise<string | undefined> {
    const { examineHere } = await import('./examine-here.ts');
    return examineHere(this.compiled);
  }

  async start(context: ExecutorContext): Promise<RunningExecutor> {
    const { startHighThroughput } = await import('./start.ts');
    return startHighThroughput(this.compiled, context);
  }
}
