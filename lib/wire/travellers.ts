/**
 * Classes of ours whose instances travel as what they are, those of another copy of the package included. Everybody else's are
 * refused: their methods would be lost.
 */
import { DATA_FILE, DataFile } from '../files/data-file.ts';
import { ND_ARRAY, NdArray, PYTHON_VALUE, PythonValue } from './python/values.ts';

interface Traveller<T extends object> {
  readonly Class: abstract new (...args: never[]) => T;
  /** Own property of its prototype, in every copy of the package. */
  readonly brand: symbol;
  /** MessagePack extension type. */
  readonly code: number;
  toPlain(value: T): unknown;
  fromPlain(plain: unknown): T;
}

const define = <T extends object>(traveller: Traveller<T>): Traveller<object> => traveller as unknown as Traveller<object>;

export const TRAVELLERS: readonly Traveller<object>[] = [
  define<DataFile>({
    Class: DataFile,
    brand: DATA_FILE,
    code: 0x46,
    toPlain: ({ url }) => url,
    fromPlain: (url) => new DataFile(String(url)),
  }),
  define<NdArray>({
    Class: NdArray,
    brand: ND_ARRAY,
    code: 0x4e,
    toPlain: ({ data, shape, dtype }) => [data, shape, dtype],
    fromPlain: (plain) => new NdArray(...(plain as ConstructorParameters<typeof NdArray>)),
  }),
  define<PythonValue>({
    Class: PythonValue,
    brand: PYTHON_VALUE,
    code: 0x50,
    toPlain: ({ type, repr, data, modules }) => [type, repr, data, modules],
    fromPlain: (plain) => new PythonValue(...(plain as ConstructorParameters<typeof PythonValue>)),
  }),
];

const byClass = new Map<unknown, Traveller<object>>(TRAVELLERS.map((traveller) => [traveller.Class, traveller]));
const byCode = new Map(TRAVELLERS.map((traveller) => [traveller.code, traveller]));

export const isTraveller = (value: object): boolean => travellerOf(value) !== undefined;

/** Of this copy of the package: MessagePack knows the class. */
export const isOwnTraveller = (value: object): boolean => byClass.has(value.constructor);

function travellerOf(value: object): Traveller<object> | undefined {
  return byClass.get(value.constructor) ?? travellerOfOtherCopy(value);
}

function travellerOfOtherCopy(value: object): Traveller<object> | undefined {
  const prototype: object | null = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === Array.prototype || prototype === null) return undefined;
  return TRAVELLERS.find(({ brand }) => Object.hasOwn(prototype, brand));
}

const MARK = '\u0000flotilla.traveller';

/** A structured clone knows no classes: stands in for an instance in one. Undefined: not one of ours. */
export function toMark(value: object): object | undefined {
  const traveller = travellerOf(value);
  return traveller && { [MARK]: traveller.code, plain: traveller.toPlain(value) };
}

export function fromMark(value: object): object | undefined {
  if (!(MARK in value)) return undefined;
  const { [MARK]: code, plain } = value as Record<string, unknown>;
  return byCode.get(code as number)?.fromPlain(plain);
}
