/**
 * The Node that goes into a bundle: the one that runs, or a file, folder or archive that the user has. Downloads nothing.
 */
import { existsSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { BundleError } from '../errors/bundle-error.ts';
import { runProgram } from './run-program.ts';
import { describeTarget, type Target, targetOf } from './target.ts';

export interface NodeBinary {
  /** Absolute. */
  readonly path: string;
  /** '24.21.0'; undefined where a program for other machines does not say. */
  readonly version: string | undefined;
  readonly target: Target;
  /** Its licence, where that lies beside it. */
  readonly licence?: string;
}

export interface NodeChoice {
  /** A path or a version; default: the Node that runs. */
  readonly node?: string;
  /** What is expected: 'x64', 'arm64'. Default: what that Node is for. */
  readonly arch?: string;
  /** An empty folder for what is taken out of an archive. */
  readonly scratch: string;
}

/** What Flotilla itself needs. */
const OLDEST = 24;

/** @throws BundleError that says how to get the right one. */
export async function findNode({ node, arch = node === undefined ? process.arch : undefined, scratch }: NodeChoice): Promise<NodeBinary> {
  const path = node === undefined ? ownNode(arch ?? process.arch) : await locate(node, arch ?? process.arch, scratch);
  const target = await targetOf(path);
  if (target === undefined)
    throw new BundleError(`${path} is not a program for Linux or macOS; --node takes Node's own binary, its folder or its archive`);
  if (arch !== undefined && target.arch !== arch)
    throw new BundleError(
      `${path} is a program for ${describeTarget(target)}, and --arch says ${arch}. ${howToGet(process.versions.node, arch)}`,
    );
  const version = await versionOf(path, target);
  if (version !== undefined && Number.parseInt(version, 10) < OLDEST)
    throw new BundleError(`${path} is Node ${version}; Flotilla needs ${OLDEST} or newer. ${howToGet(process.versions.node, target.arch)}`);
  const licence = join(dirname(path), '..', 'LICENSE');
  return { path, version, target, ...(existsSync(licence) ? { licence } : {}) };
}

function ownNode(arch: string): string {
  if (arch === process.arch) return process.execPath;
  throw new BundleError(`the Node that runs here is for ${process.arch}, not for ${arch}. ${howToGet(process.versions.node, arch)}`);
}

function howToGet(version: string, arch: string): string {
  const archive = `node-v${version}-linux-${arch}.tar.xz`;
  return `Download https://nodejs.org/dist/v${version}/${archive} and name it: --node ${archive} (nothing is downloaded by itself)`;
}

async function locate(node: string, arch: string, scratch: string): Promise<string> {
  const wanted = /^v?(\d+(\.\d+){0,2})$/.exec(node)?.[1];
  if (wanted !== undefined && !existsSync(node)) return ofVersion(wanted, arch);
  const path = resolve(node);
  if (!existsSync(path)) throw new BundleError(`--node ${node}: there is no such file, folder or archive, and it is no version`);
  if (statSync(path).isDirectory()) return inFolder(path);
  return /\.(tar|tgz|tar\.\w+)$/.test(path) ? fromArchive(path, scratch) : path;
}

function ofVersion(wanted: string, arch: string): string {
  const running = process.versions.node;
  if (arch === process.arch && `${running}.`.startsWith(`${wanted}.`)) return process.execPath;
  const whole = wanted.split('.').length === 3 ? wanted : running;
  throw new BundleError(`Node ${wanted} for ${arch} is not at hand (this is ${running} for ${process.arch}). ${howToGet(whole, arch)}`);
}

function inFolder(folder: string): string {
  const path = join(folder, 'bin', 'node');
  if (existsSync(path)) return path;
  throw new BundleError(`--node ${folder}: there is no bin/node in that folder`);
}

async function fromArchive(archive: string, scratch: string): Promise<string> {
  const names = (await runProgram('tar', ['-tf', archive])).split('\n');
  const binary = names.find((name) => /^(\.\/)?[^/]+\/bin\/node$/.test(name));
  if (binary === undefined) throw new BundleError(`${archive} has no NAME/bin/node in it; is it an archive of Node from nodejs.org?`);
  const licence = `${dirname(dirname(binary))}/LICENSE`;
  await runProgram('tar', ['-xf', archive, '-C', scratch, binary, ...(names.includes(licence) ? [licence] : [])]);
  return join(scratch, binary);
}

async function versionOf(path: string, target: Target): Promise<string | undefined> {
  const isForHere =
    target.platform === process.platform && target.arch === process.arch && (target.loader === undefined || existsSync(target.loader));
  if (isForHere) return versionSaidBy(path);
  // It has the address of its own headers in it.
  const text = (await readFile(path)).toString('latin1');
  return /\/download\/release\/v(\d+\.\d+\.\d+)\//.exec(text)?.[1];
}

async function versionSaidBy(path: string): Promise<string> {
  const said = (await runProgram(path, ['--version'])).trim();
  if (/^v\d+\.\d+\.\d+\S*$/.test(said)) return said.slice(1);
  const [first = ''] = said.split('\n');
  throw new BundleError(
    `${path} is not Node: asked for its --version, it says '${first}'; --node takes Node's own binary, its folder or its archive`,
  );
}
