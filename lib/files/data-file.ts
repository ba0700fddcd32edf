/**
 * A file named by path or URL: data that can be an argument, an input or an output. Owns parsing; reads and stages nothing.
 */
import { basename, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { InvalidOptionError } from '../errors/definition-errors.ts';
import { nearest } from '../suggest.ts';

export const DATA_FILE = Symbol.for('flotilla.dataFile');
const SCHEMES = ['file', 'http', 'https', 'ftp', 'globus'] as const;
export type FileScheme = (typeof SCHEMES)[number];

const URL_START = /^([a-z][a-z0-9+.-]*):\/\//i;

export class DataFile {
  /** 'file:///home/u/a.csv', 'https://example.org/a.csv'. */
  readonly url: string;
  readonly scheme: FileScheme;
  /** Absolute path; of a remote file, the path within its server. */
  readonly path: string;
  /** The path's last part. */
  readonly filename: string;

  static {
    Object.defineProperty(this.prototype, DATA_FILE, { value: true });
  }

  /** @param location an absolute path or a URL; a relative path is taken from the process's working directory. */
  constructor(location: string) {
    const scheme = URL_START.exec(location)?.[1];
    this.scheme = scheme === undefined ? 'file' : checkScheme(scheme.toLowerCase(), location);
    if (scheme === undefined) {
      this.path = resolve(checkPath(location));
      this.url = pathToFileURL(this.path).href;
    } else {
      const url = parseUrl(location);
      this.path = this.scheme === 'file' ? fileURLToPath(url) : decodePath(url.pathname);
      this.url = url.href;
    }
    this.filename = basename(this.path);
    Object.freeze(this);
  }

  /** As text it is its path, so that it can stand in a command. */
  toString(): string {
    return this.path;
  }

  static toWire(file: DataFile): string {
    return file.url;
  }

  static fromWire(url: string): DataFile {
    return new DataFile(url);
  }
}

/** Recognises files also when two copies of the package are loaded. */
export const isDataFile = (value: unknown): value is DataFile => typeof value === 'object' && value !== null && DATA_FILE in value;

function checkPath(path: string): string {
  if (path !== '' && !path.includes('\0')) return path;
  throw InvalidOptionError.wrong('file()', 'location', path, 'a path or a URL');
}

function checkScheme(scheme: string, location: string): FileScheme {
  const known = SCHEMES.find((one) => one === scheme);
  if (known !== undefined) return known;
  const wanted = `a path, or a URL that starts with one of ${SCHEMES.map((one) => `${one}://`).join(', ')}`;
  throw InvalidOptionError.wrong('file()', 'location', location, wanted, nearest(scheme, SCHEMES));
}

function parseUrl(location: string): URL {
  try {
    return new URL(location);
  } catch (cause) {
    throw new InvalidOptionError(
      `file(): '${location}' is not a URL; write it as https://host/path, or give a path`,
      {
        of: 'file()',
        option: 'location',
        value: location,
      },
      { cause },
    );
  }
}

function decodePath(pathname: string): string {
  try {
    return decodeURIComponent(pathname);
  } catch {
    return pathname; // a lone % is legal in a URL's path: it stands for itself
  }
}
