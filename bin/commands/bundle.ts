/**
 * `flotilla bundle`: makes a bundle, and says what went in, how large it is, and how it is run.
 */
import { statSync } from 'node:fs';
import { basename, relative } from 'node:path';
import type { BundlePart } from '../../lib/bundle/bundle-entry.ts';
import { type BundleReport, makeBundle } from '../../lib/bundle/make-bundle.ts';
import { describeTarget } from '../../lib/bundle/target.ts';
import type { BundleCommandOptions } from '../command-line/bundle.ts';
import { printJson, printLines } from '../print.ts';
import { tableLines } from '../text-table.ts';

/** @throws BundleError */
export async function runBundle(script: string | undefined, options: BundleCommandOptions): Promise<void> {
  const { node, arch, include = [], force = false } = options;
  const report = await makeBundle({ script, output: options.output, node, arch, include, force });
  if (options.json === true) printJson(toJson(report));
  else printLines(toText(report));
  for (const warning of report.warnings) process.stderr.write(`flotilla: ${warning}\n`);
}

function toJson({ output, manifest, parts, userFiles, packages, warnings, workingDirectory }: BundleReport): object {
  const { files: _, flotillaBundle: __, ...about } = manifest;
  return { output: output.path, kind: output.kind, ...about, parts, userFiles, packages, warnings, workingDirectory };
}

function toText(report: BundleReport): string[] {
  const { output, manifest, parts } = report;
  const total = sum(report);
  const packed = output.kind === 'folder' ? '' : `, ${showBytes(statSync(output.path).size)} packed`;
  const row = (part: BundlePart, what: string): string[] => [
    `  ${part}`,
    showBytes(parts[part].bytes),
    countFiles(parts[part].files),
    what,
  ];
  return [
    `${output.path}: ${showBytes(total.bytes)} in ${countFiles(total.files)}${packed}, for ${describeTarget(manifest.node)}`,
    ...tableLines([
      row('node', manifest.node.version ?? 'of unknown version'),
      row('flotilla', manifest.flotilla),
      row('packages', report.packages.filter((name) => !name.startsWith('flotilla@')).join(' ')),
      row('script', report.userFiles.filter((file) => !/(^|\/)package\.json$/.test(file)).join(' ')),
    ]),
    `run it: ${runLine(report)}`,
  ];
}

function runLine({ output, manifest, workingDirectory }: BundleReport): string {
  const here = relative('', output.path);
  const path = here.startsWith('..') || here === '' ? output.path : here;
  const unpack = output.kind === 'folder' ? [] : [`tar xf ${basename(path)}`];
  const folder = [output.kind === 'folder' ? path : output.name, workingDirectory].filter((part) => part !== '').join('/');
  const up = workingDirectory === '' ? './' : '../'.repeat(workingDirectory.split('/').length);
  const script = manifest.script === undefined ? '--help' : `run ${relative(workingDirectory, manifest.script)}`;
  return [...unpack, `cd ${folder}`, `${up}flotilla ${script}`].join(' && ');
}

function sum({ parts }: BundleReport): { files: number; bytes: number } {
  const all = Object.values(parts);
  return { files: all.reduce((total, { files }) => total + files, 0), bytes: all.reduce((total, { bytes }) => total + bytes, 0) };
}

const countFiles = (files: number): string => `${files} file${files === 1 ? '' : 's'}`;

function showBytes(bytes: number): string {
  if (bytes < 1e3) return `${bytes} B`;
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
