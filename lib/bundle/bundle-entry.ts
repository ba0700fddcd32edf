/**
 * What is to lie in a bundle: one record per file.
 */

export type BundlePart = 'node' | 'flotilla' | 'packages' | 'script';

export interface BundleEntry {
  /** In the bundle, with '/'. */
  readonly to: string;
  readonly part: BundlePart;
  /** A file to copy, or a text to write. */
  readonly content: { readonly file: string } | { readonly text: string };
  readonly isProgram: boolean;
}

export const textEntry = (to: string, part: BundlePart, text: string, isProgram = false): BundleEntry => ({
  to,
  part,
  content: { text },
  isProgram,
});

export const fileEntry = (to: string, part: BundlePart, file: string, isProgram = false): BundleEntry => ({
  to,
  part,
  content: { file },
  isProgram,
});
