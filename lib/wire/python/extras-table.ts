/**
 * The extras of one body: where each belongs, what it is, and its bytes. Owns the table's layout on the writing side:
 * `[[[module, kind, app, text], …], [[path, kind, …, bytes], …]]`.
 */
import { Code } from './marshal-code.ts';
import type { MarshalWriter } from './marshal-writer.ts';
import type { PythonModule, PythonValue } from './values.ts';

type Path = readonly unknown[];

interface Extra {
  readonly path: Path;
  readonly fields: readonly (string | number | readonly number[])[];
}

export class ExtrasTable {
  readonly #extras: Extra[] = [];
  readonly #blobs: Uint8Array[] = [];
  /** By name: a module that many values refer to travels once. */
  readonly #modules = new Map<string, { readonly index: number; readonly module: PythonModule }>();
  #blobBytes = 0;

  get blobBytes(): number {
    return this.#blobBytes;
  }

  date(path: Path, ms: number): void {
    this.#extras.push({ path, fields: ['date', ms, 0] });
  }

  bytes(path: Path, bytes: Uint8Array): void {
    this.#add(path, ['bytes'], bytes);
  }

  array(path: Path, dtype: string, shape: readonly number[], bytes: Uint8Array): void {
    this.#add(path, ['array', dtype, shape], bytes);
  }

  python(path: Path, value: PythonValue): void {
    this.#add(path, ['python', value.type, value.repr, value.modules.map((module) => this.#moduleIndex(module))], value.data);
  }

  #add(path: Path, fields: Extra['fields'], blob: Uint8Array): void {
    this.#extras.push({ path, fields: [...fields, blob.length] });
    this.#blobs.push(blob);
    this.#blobBytes += blob.length;
  }

  #moduleIndex(module: PythonModule): number {
    const known = this.#modules.get(module.module);
    if (known) return known.index;
    const index = this.#modules.size;
    this.#modules.set(module.module, { index, module });
    return index;
  }

  write(writer: MarshalWriter): void {
    writer.codeAndLength(Code.List, 2);
    writer.codeAndLength(Code.List, this.#modules.size);
    for (const { module } of this.#modules.values()) writeList(writer, [module.module, module.kind, module.app, module.text]);
    writer.codeAndLength(Code.List, this.#extras.length);
    for (const { path, fields } of this.#extras) {
      writer.codeAndLength(Code.List, fields.length + 1);
      writeList(writer, path);
      for (const field of fields) writeItem(writer, field);
    }
  }

  copyBlobs(body: Buffer, at: number): void {
    for (const blob of this.#blobs) {
      body.set(blob, at);
      at += blob.length;
    }
  }
}

function writeList(writer: MarshalWriter, items: readonly unknown[]): void {
  writer.codeAndLength(Code.List, items.length);
  for (const item of items) writeItem(writer, item);
}

/** Keys of dicts, and the fields above. */
function writeItem(writer: MarshalWriter, item: unknown): void {
  if (typeof item === 'string') writer.string(item);
  else if (typeof item === 'number') writer.number(item);
  else if (typeof item === 'bigint') writer.bigint(item);
  else if (typeof item === 'boolean') writer.code(item ? Code.True : Code.False);
  else if (item instanceof Uint8Array) writer.bytes(Code.Bytes, item);
  else if (Array.isArray(item)) writeList(writer, item);
  else writer.code(Code.None);
}
