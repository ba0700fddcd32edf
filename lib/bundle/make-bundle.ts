/**
 * Makes a bundle: a folder or archive with Node, Flotilla, a script and all that the script consists of, which runs where there is no
 * npm and no network. Says what went in; runs nothing of the user's.
 */
import { globSync, statSync } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { BundleError } from '../errors/bundle-error.ts';
import { isFile } from '../memo/code/source-files.ts';
import { type BundleEntry, type BundlePart, fileEntry, textEntry } from './bundle-entry.ts';
import { launcherText, NODE_IN_BUNDLE } from './launcher.ts';
import { type BundleManifest, digestOfEntries, MANIFEST, newManifest } from './manifest.ts';
import { findNode, type NodeBinary } from './node-binary.ts';
import { type Output, outputAt, requireFree, writeBundle } from './output.ts';
import { readManifest } from './own-imports.ts';
import { filesOfOwnPackage, isOwnProgram, ownPackage } from './own-package.ts';
import { filesOfPackage } from './package-files.ts';
import { PackageTree } from './packages.ts';
import { describeTarget } from './target.ts';
import { findUserFiles } from './user-files.ts';
import { isWithin, layOutUserFiles } from './user-layout.ts';

export interface BundleOptions {
  /** Relative paths are taken from `cwd`. Without a script the bundle has the command alone, and what is included. */
  readonly script?: string | undefined;
  /** A folder, or a name that ends in .tar, .tar.gz or .tgz. */
  readonly output: string;
  /** Node's binary, its folder, its archive, or a version; default: the Node that runs. */
  readonly node?: string | undefined;
  readonly arch?: string | undefined;
  /** Globs of files and folders that no text names. */
  readonly include?: readonly string[];
  /** Replace what is at `output`, whatever it is. */
  readonly force?: boolean;
  /** Default: the working directory. */
  readonly cwd?: string;
}

export interface BundleReport {
  readonly output: Output;
  readonly manifest: BundleManifest;
  readonly parts: Readonly<Record<BundlePart, { readonly files: number; readonly bytes: number }>>;
  /** The user's files, as they lie in the bundle. */
  readonly userFiles: readonly string[];
  /** name@version */
  readonly packages: readonly string[];
  /** What could not be followed or is missing. */
  readonly warnings: readonly string[];
  /** Where in the bundle the script expects to be started: '' is its top. */
  readonly workingDirectory: string;
  /** The folder here that the bundle's own stands for. */
  readonly base: string;
}

/** @throws BundleError that says what is missing or in the way. */
export async function makeBundle(options: BundleOptions): Promise<BundleReport> {
  const cwd = resolve(options.cwd ?? '.');
  const script = options.script === undefined ? undefined : scriptAt(options.script, cwd);
  const output = outputAt(resolve(cwd, options.output));
  await requireFree(output, options.force ?? false, [cwd, ...(script === undefined ? [] : [script])]);
  const scratch = await mkdtemp(join(tmpdir(), 'flotilla-bundle-'));
  try {
    const node = await findNode({ ...given(options, ['node', 'arch']), scratch });
    return await gatherAndWrite({ ...options, cwd, script, output, node });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

interface Prepared extends Omit<BundleOptions, 'output' | 'node' | 'script'> {
  readonly cwd: string;
  readonly script: string | undefined;
  readonly output: Output;
  readonly node: NodeBinary;
}

async function gatherAndWrite({ cwd, script, output, node, include = [] }: Prepared): Promise<BundleReport> {
  const included = include.flatMap((glob) => filesOf(glob, cwd, output.path));
  const user = findUserFiles([...(script === undefined ? [] : [script]), ...included], cwd);
  const layout = layOutUserFiles(user.files, script, cwd);
  const packages = await gatherPackages(user.packages, node);
  const entries = [
    ...nodeEntries(node),
    ...packages.entries,
    ...layout.entries,
    textEntry('flotilla', 'flotilla', launcherText(node.target), true),
  ];
  const manifest = newManifest({
    flotilla: readManifest(ownPackage()).version ?? 'unknown',
    node: { version: node.version, ...node.target },
    ...(script === undefined ? {} : { script: relative(layout.base, script) }),
    digest: await digestOfEntries(entries),
    files: entries.map(({ to }) => to).sort(),
  });
  const parts = await sizesOf(entries);
  await writeBundle(output, [...entries, textEntry(MANIFEST, 'flotilla', `${JSON.stringify(manifest, null, 2)}\n`)]);
  return {
    output,
    manifest,
    parts,
    userFiles: layout.entries.map(({ to }) => to).sort(),
    packages: packages.names,
    warnings: [...user.warnings, ...packages.warnings],
    workingDirectory: isWithin(cwd, layout.base) ? relative(layout.base, cwd) : '',
    base: layout.base,
  };
}

function scriptAt(script: string, cwd: string): string {
  const path = resolve(cwd, script);
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isFile()) return path;
  throw new BundleError(found === undefined ? `there is no script ${path}` : `${path} is not a file; give the file of the script`);
}

/** A folder stands for all that is in it. */
function filesOf(glob: string, cwd: string, output: string): string[] {
  const found = globSync([glob, `${glob.replace(/\/$/, '')}/**`], { cwd }).map((path) => resolve(cwd, path));
  const wanted = [...new Set(found)].filter(
    (path) => isFile(path) && !isWithin(path, output) && !/\/(node_modules|__pycache__|\.git)\//.test(path),
  );
  if (wanted.length === 0) throw new BundleError(`--include ${glob}: no file matches in ${cwd}`);
  return wanted;
}

const nodeEntries = ({ path, licence }: NodeBinary): BundleEntry[] => [
  fileEntry(NODE_IN_BUNDLE, 'node', path, true),
  ...(licence === undefined ? [] : [fileEntry('node/LICENSE', 'node', licence)]),
];

async function gatherPackages(imported: ReadonlyMap<string, string>, { target }: NodeBinary) {
  const own = ownPackage();
  const tree = new PackageTree(target);
  tree.place('flotilla', own, '');
  for (const [name, folder] of imported) tree.add(name, folder);
  const entries: BundleEntry[] = [];
  const warnings = [...tree.warnings];
  for (const { name, version, from, to } of tree.packages) {
    const isOwn = from === own;
    const { files, lacksNative } = isOwn
      ? { files: await filesOfOwnPackage(own, target), lacksNative: false }
      : await filesOfPackage(from, target);
    if (lacksNative && name === 'zeromq')
      throw new BundleError(`zeromq ${version}, which Flotilla needs, comes with no library for ${describeTarget(target)}`);
    if (lacksNative)
      warnings.push(`package ${name} has no native library for ${describeTarget(target)}: install it for that machine to use it`);
    const part = isOwn ? 'flotilla' : 'packages';
    entries.push(...files.map((file) => fileEntry(`${to}/${file}`, part, join(from, file), isOwn && isOwnProgram(file))));
  }
  return { entries, warnings, names: tree.packages.map(({ name, version }) => `${name}@${version}`).sort() };
}

async function sizesOf(entries: readonly BundleEntry[]): Promise<BundleReport['parts']> {
  const parts = { node: empty(), flotilla: empty(), packages: empty(), script: empty() };
  for (const { part, content } of entries) {
    parts[part].files += 1;
    parts[part].bytes += 'text' in content ? Buffer.byteLength(content.text) : (await stat(content.file)).size;
  }
  return parts;
}

const empty = (): { files: number; bytes: number } => ({ files: 0, bytes: 0 });

/** The options that are set, as exact optional properties want them. */
function given<K extends 'node' | 'arch'>(options: BundleOptions, keys: readonly K[]): { [P in K]?: string } {
  return Object.fromEntries(keys.flatMap((key) => (options[key] === undefined ? [] : [[key, options[key]]]))) as { [P in K]?: string };
}
