/**
 * What the memo has decided about each task, for people who ask why. The latest are kept, so that a campaign without end does not
 * fill the memory.
 */
import type { KeyParts } from '../memo/memo-key.ts';

export type MemoNote =
  | { readonly kind: 'reading' }
  /** The same call is running: its result will do for this one. */
  | { readonly kind: 'twin'; readonly of: number }
  | { readonly kind: 'taken'; readonly run: string; readonly task: number }
  | { readonly kind: 'missed'; readonly parts: KeyParts; readonly why?: string | undefined }
  | { readonly kind: 'unkeyable'; readonly why: string };

const MAX_NOTES = 20_000;

export class MemoNotes {
  readonly #notes = new Map<number, MemoNote>();

  set(taskId: number, note: MemoNote): void {
    this.#notes.set(taskId, note);
    if (this.#notes.size <= MAX_NOTES) return;
    const [oldest] = this.#notes.keys();
    if (oldest !== undefined) this.#notes.delete(oldest);
  }

  get(taskId: number): MemoNote | undefined {
    return this.#notes.get(taskId);
  }
}
