/**
 * A file that a task will have written. Resolves to its DataFile when the task is done and the file is there.
 */
import { inspect } from 'node:util';
import type { DataFile } from '../files/data-file.ts';
import { Settleable } from './settleable.ts';

export class DataFuture extends Settleable<DataFile> {
  readonly file: DataFile;
  readonly taskId: number;
  readonly #writer: Settleable<unknown>;

  /** @internal Follows the task that writes `file`. */
  constructor(file: DataFile, taskId: number, writer: Settleable<unknown>) {
    super();
    this.file = file;
    this.taskId = taskId;
    this.#writer = writer;
    writer.onSettled(() => (writer.isFulfilled ? this.fulfill(file) : this.fail(writer.settledValue)));
  }

  protected override get partOf(): Settleable<unknown> {
    return this.#writer;
  }

  get path(): string {
    return this.file.path;
  }

  get filename(): string {
    return this.file.filename;
  }

  protected override describe(): string {
    return `file ${this.file.path} of task ${this.taskId}`;
  }

  [inspect.custom](): string {
    return `DataFuture { ${this.file.path}, task ${this.taskId} }`;
  }
}
