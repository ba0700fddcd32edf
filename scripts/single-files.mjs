/**
 * Joins the compiled modules into few files: each program that is started many times over becomes one file, in the place of its
 * entry; the library and the command share a few between them. Knows where in dist/ modules lie, and nothing of what they do.
 *
 * Joined modules find what lies beside them as before: their `import.meta.url` is still the place that they had in dist/. What is
 * installed beside the package (native addons; what only the driver needs) stays where npm puts it.
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { parse } from 'acorn';
import { rolldown } from 'rolldown';

/** Started by nodes and workers, each by itself. */
const PROGRAMS = [
  'executors/high-throughput/manager/manager-entry',
  'executors/high-throughput/interchange/interchange-entry',
  'executors/high-throughput/remote/relay-entry',
  'executors/workers/js/process-entry',
  'executors/workers/command/node-spawner-entry',
  'executors/threads/thread-entry',
];
/** They run in one process and must agree on what a class is. */
const DRIVER = ['index', 'bin/flotilla'];

/** One file of the driver; the rest of it, a command or what imports more packages, is loaded when it is needed. */
const LIBRARY = /^(lib|configs|providers|launchers|executors\/(blocks|high-throughput|workers))\/(?!yaml-)/;

/** The packages that are taken in: what is small, and needs no native part. */
const JOINED = /^msgpackr(\/|$)/;

/** @param dist absolute path of compiled modules; they are replaced. */
export async function joinModules(dist) {
  const joined = await joinEntries(dist, DRIVER);
  for (const program of PROGRAMS) joined.push(...(await joinEntries(dist, [program])));
  for (const file of filesIn(dist).filter((path) => path.endsWith('.js'))) rmSync(file);
  for (const { fileName, code } of joined) writeFileSync(join(dist, fileName), code);
  writeFileSync(join(dist, 'THIRD-PARTY-LICENSES'), licencesOf(joined.flatMap(({ moduleIds }) => moduleIds)));
  return joined.length;
}

async function joinEntries(dist, entries) {
  const isDriver = entries.length > 1;
  const bundle = await rolldown({
    input: Object.fromEntries(entries.map((entry) => [entry, join(dist, `${entry}.js`)])),
    platform: 'node',
    experimental: { attachDebugInfo: 'none' },
    // What is loaded late from source for the sake of its cost costs little here.
    checks: { ineffectiveDynamicImport: false },
    external: (id) => !/^[./]/.test(id) && !JOINED.test(id),
    plugins: [placesOf(dist), DIRECT_EXTRACTOR],
    onLog: (_level, { message }) => {
      throw new Error(message);
    },
  });
  try {
    const { output } = await bundle.generate({
      format: 'esm',
      entryFileNames: '[name].js',
      // Beside the library's modules, so that its frames in a stack are known as such.
      chunkFileNames: 'lib/[name]-[hash].js',
      codeSplitting: isDriver && { groups: [{ name: 'library', test: (id) => LIBRARY.test(relative(dist, id)) }] },
      keepNames: true,
      comments: { legal: true, jsdoc: false, annotation: false },
    });
    return output;
  } finally {
    await bundle.close();
  }
}

const LOADS_EXTRACTOR = /if \(typeof require == 'function'\)\s*extractor = require\('msgpackr-extract'\);\s*else\s*(extractor = .*;)/;

/**
 * msgpackr looks for its native part through ten small files of three packages, in every worker anew. It is asked for by its name;
 * where that is another (macOS), they find it as ever.
 */
const DIRECT_EXTRACTOR = {
  name: 'direct-extractor',
  transform(code, id) {
    if (!id.endsWith('/msgpackr/node-index.js')) return null;
    if (!LOADS_EXTRACTOR.test(code)) throw new Error(`${id} loads msgpackr-extract in a new way; adapt LOADS_EXTRACTOR to it`);
    return `${code.replace(LOADS_EXTRACTOR, 'extractor = loadExtractor(createRequire(import.meta.url));')}\n${loadExtractor}\n`;
  },
};

function loadExtractor(require) {
  for (const libc of ['glibc', 'musl']) {
    try {
      return require(`@msgpackr-extract/msgpackr-extract-${process.platform}-${process.arch}/node.napi.${libc}.node`);
    } catch {
      // Another libc, or installed otherwise.
    }
  }
  return require('msgpackr-extract');
}

const PLACE = /\bflotillaModulePlace\("([^"]+)"\)/g;

/** Keeps each module's `import.meta.url`, wherever its code ends up. */
function placesOf(dist) {
  return {
    name: 'module-places',
    transform(code, id) {
      if (!code.includes('import.meta.url') || !id.startsWith(dist)) return null;
      return replaceAt(code, importMetaUrls(code), `flotillaModulePlace(${JSON.stringify(relative(dist, id))})`);
    },
    renderChunk(code, { fileName }) {
      return code.replace(PLACE, (_, module) => {
        const path = relative(dirname(fileName), module);
        return path === fileName.slice(fileName.lastIndexOf('/') + 1)
          ? 'import.meta.url'
          : `new URL(${JSON.stringify(path)}, import.meta.url).href`;
      });
    },
  };
}

/** Where in the text `import.meta.url` stands as code, and not in a comment or a message. */
function importMetaUrls(code) {
  const found = [];
  const visit = (node) => {
    if (node === null || typeof node !== 'object') return;
    if (node.type === 'MemberExpression' && node.object.type === 'MetaProperty' && node.property.name === 'url') found.push(node);
    for (const child of Object.values(node)) visit(child);
  };
  visit(parse(code, { ecmaVersion: 'latest', sourceType: 'module' }));
  return found.sort((a, b) => b.start - a.start);
}

/** @param places from the last to the first. */
const replaceAt = (code, places, text) => places.reduce((all, { start, end }) => all.slice(0, start) + text + all.slice(end), code);

/** Of the packages whose code is now among ours. @throws Error if one comes without its licence. */
function licencesOf(modules) {
  const folders = modules.map((path) => /^.*\/node_modules\/(@[^/]+\/)?[^/]+/.exec(path)?.[0]).filter((folder) => folder !== undefined);
  return [...new Set(folders)]
    .toSorted((a, b) => (a < b ? -1 : 1))
    .map(licenceOf)
    .join('\n');
}

function licenceOf(folder) {
  const { name, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each));
  if (file === undefined) throw new Error(`${name} ${version} has no licence file in ${folder}, so its code cannot be taken into dist/`);
  return `${name} ${version}\n\n${readFileSync(join(folder, file), 'utf8').trim()}\n`;
}

function filesIn(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
