/**
 * The commands of a runner that have not ended, in their order: those that a helper was asked for, then those that wait because another
 * kind of helper is at work.
 */
import type { CommandRunnerLostError } from './command-failure.ts';
import { type CommandOutcome, type CommandSpec, UNSTARTED } from './command-spec.ts';
import type { RunPlan } from './run-plan.ts';
import type { SpawnerKind } from './spawner-argv.ts';

export interface PendingCommand {
  readonly number: number;
  readonly spec: CommandSpec;
  readonly plan: RunPlan;
  kind: SpawnerKind;
  resolve(outcome: CommandOutcome | Promise<CommandOutcome> | typeof UNSTARTED): void;
  reject(error: Error): void;
}

export class PendingCommands {
  readonly #sent = new Map<number, PendingCommand>();
  #unsent: PendingCommand[] = [];

  add(command: PendingCommand): void {
    this.#unsent.push(command);
  }

  all(): PendingCommand[] {
    return [...this.#sent.values(), ...this.#unsent];
  }

  get first(): PendingCommand | undefined {
    return this.#sent.values().next().value ?? this.#unsent[0];
  }

  /** Of the helper that is at work; undefined: none is. */
  get sentKind(): SpawnerKind | undefined {
    return this.#sent.values().next().value?.kind;
  }

  isSent(number: number): boolean {
    return this.#sent.has(number);
  }

  /** The next for the helper that is at work, or for any where none is. It counts as sent. */
  toSend(): PendingCommand | undefined {
    const [next] = this.#unsent;
    if (!next || next.kind !== (this.sentKind ?? next.kind)) return undefined;
    this.#unsent.shift();
    this.#sent.set(next.number, next);
    return next;
  }

  /** It has ended. @returns undefined if that was known. */
  end(number: number): PendingCommand | undefined {
    const command = this.#sent.get(number);
    this.#sent.delete(number);
    return command;
  }

  /** The helper has not started the last `count` that it was asked for; nor will what waits behind them be. */
  drop(count: number): void {
    const sent = [...this.#sent.values()];
    const dropped = [...sent.slice(sent.length - count), ...this.#unsent];
    this.#unsent = [];
    for (const command of dropped) {
      this.#sent.delete(command.number);
      command.resolve(UNSTARTED);
    }
  }

  /** There is no helper any more that knows of them. @param kind what those are for now that were for it */
  unsend(kind?: SpawnerKind): void {
    const { sentKind } = this;
    this.#unsent = this.all();
    this.#sent.clear();
    for (const command of this.#unsent) if (kind !== undefined && command.kind === sentKind) command.kind = kind;
  }

  /** The first was at hand when its helper was lost, the others were not. */
  endAll(error: CommandRunnerLostError): void {
    const [first, ...others] = this.all();
    this.#sent.clear();
    this.#unsent = [];
    first?.reject(error);
    for (const command of others) command.resolve(UNSTARTED);
  }
}
