/**
 * The root of every error that we make ourselves. Owns the brand by which an error is recognised when two copies of the
 * package are loaded, or two realms. Knows none of its subclasses.
 */
const BRAND = Symbol.for('flotilla.error');

/** What a constructor of ours takes besides its own fields. */
export interface FlotillaErrorOptions {
  readonly cause?: unknown;
  /** Become own enumerable properties. */
  readonly fields?: Readonly<Record<string, unknown>>;
}

/**
 * @example
 * try { await future; } catch (error) { if (FlotillaError.is(error)) console.error(error.code); }
 */
export class FlotillaError extends Error {
  static {
    brandError(this, 'FlotillaError');
  }

  /** Stable; each one is explained in codes.ts. */
  readonly code: string;

  constructor(code: string, message: string, options?: FlotillaErrorOptions) {
    super(message, options && 'cause' in options ? { cause: options.cause } : undefined);
    if (options?.fields) Object.assign(this, options.fields);
    // Last: fields may come from elsewhere, and none of them is our code.
    this.code = code;
  }

  /** Whether `value` is an error of ours, whichever copy of the package made it. */
  static is(value: unknown): value is FlotillaError {
    return typeof value === 'object' && value !== null && BRAND in value;
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    if (Function.prototype[Symbol.hasInstance].call(this, value)) return true;
    return Object.hasOwn(this.prototype, BRAND) && hasBrand(value, Reflect.get(this.prototype, BRAND));
  }
}

/** Gives a class its name and the brand that `instanceof` looks for. Call it in a static block of each class. */
export function brandError(errorClass: { readonly prototype: Error }, name: string): void {
  Object.defineProperty(errorClass.prototype, BRAND, { value: name });
  Object.defineProperty(errorClass.prototype, 'name', { value: name, writable: true, configurable: true });
}

function hasBrand(value: unknown, brand: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  for (let at: object | null = value; at !== null; at = Object.getPrototypeOf(at)) {
    if (Object.hasOwn(at, BRAND) && Reflect.get(at, BRAND) === brand) return true;
  }
  return false;
}
