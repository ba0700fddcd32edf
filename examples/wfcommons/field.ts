/**
 * Reads JSON whose shape is not known: each value with the path by which a person finds it in the file.
 */

/** What is wrong with a workflow file, and where. */
export class WorkflowFileError extends Error {
  override readonly name = 'WorkflowFileError';
}

export class Field {
  readonly value: unknown;
  /** 'workflow.specification.tasks[3].id'. */
  readonly path: string;

  constructor(value: unknown, path: string) {
    this.value = value;
    this.path = path;
  }

  /** @throws WorkflowFileError if it is not there. */
  get(key: string): Field {
    return this.optional(key) ?? this.#fail(`has no '${key}'`);
  }

  optional(key: string): Field | undefined {
    const found = Object.hasOwn(this.#object(), key) ? this.#object()[key] : undefined;
    return found === undefined || found === null ? undefined : new Field(found, this.path === '' ? key : `${this.path}.${key}`);
  }

  list(): Field[] {
    if (!Array.isArray(this.value)) return this.#fail(`must be a list; it is ${describe(this.value)}`);
    return this.value.map((item: unknown, index) => new Field(item, `${this.path}[${index}]`));
  }

  /** The strings of an optional list, each once. */
  texts(key: string): string[] {
    return [
      ...new Set(
        this.optional(key)
          ?.list()
          .map((item) => item.text()),
      ),
    ];
  }

  text(): string {
    if (typeof this.value === 'string' && this.value !== '') return this.value;
    return this.#fail(`must be a text; it is ${describe(this.value)}`);
  }

  /** A finite number of at least 0. */
  amount(): number {
    if (typeof this.value === 'number' && Number.isFinite(this.value) && this.value >= 0) return this.value;
    return this.#fail(`must be a number of at least 0; it is ${describe(this.value)}`);
  }

  /** A whole number of bytes. */
  bytes(): number {
    const bytes = this.amount();
    return Number.isSafeInteger(bytes) ? bytes : this.#fail(`must be a whole number of bytes; it is ${bytes}`);
  }

  #object(): Record<string, unknown> {
    if (typeof this.value === 'object' && this.value !== null && !Array.isArray(this.value)) return this.value as Record<string, unknown>;
    return this.#fail(`must be an object; it is ${describe(this.value)}`);
  }

  #fail(what: string): never {
    throw new WorkflowFileError(`${this.path === '' ? 'the file' : this.path} ${what}`);
  }
}

function describe(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
