/**
 * `file()`: names a file for an app.
 */
import { InvalidOptionError } from '../errors/definition-errors.ts';
import { DataFile, isDataFile } from './data-file.ts';

/**
 * A file by its path or URL. Relative paths belong to the working directory at this call.
 *
 * @throws InvalidOptionError for anything else.
 * @example
 * const counts = file('data/counts.csv');
 * const readme = file('https://example.org/readme.txt');
 * console.log(counts.path, readme.filename);
 */
export function file(location: string | URL | DataFile): DataFile {
  if (isDataFile(location)) return location;
  if (location instanceof URL) return new DataFile(location.href);
  if (typeof location === 'string') return new DataFile(location);
  throw InvalidOptionError.wrong('file()', 'location', location, 'a path or a URL');
}

/** A path as it was compiled from an option. */
export const toDataFile = (path: string | DataFile): DataFile => (isDataFile(path) ? path : new DataFile(path));
