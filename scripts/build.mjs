/**
 * Builds the package into dist/: compiles the TypeScript, puts beside it the other files that the code needs when it runs and the
 * JSON Schema of configs, which editors read, joins the modules into few files, and compiles the helper in C where there is a compiler.
 *
 * Plain JavaScript, since it runs before anything is built. A build that fails leaves the dist/ that was there.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, extname, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { compileSpawner } from './compile-spawner.mjs';
import { joinModules } from './single-files.mjs';

const root = fileURLToPath(new URL('../', import.meta.url));
const output = join(root, 'dist');
const unfinished = join(root, `dist.${process.pid}`);

const FOLDERS = ['lib', 'executors', 'providers', 'launchers', 'configs', 'bin'];
const COPIED = new Set(['.pl', '.py', '.sh', '.yaml']);
const COMMANDS = ['bin/flotilla.js'];

try {
  compile();
  const copied = FOLDERS.flatMap((folder) => filesIn(join(root, folder)))
    .filter((file) => COPIED.has(extname(file)))
    .map(copy);
  await writeSchema();
  const joined = await joinModules(unfinished);
  const helper = compileSpawner(root, unfinished);
  for (const command of COMMANDS) chmodSync(join(unfinished, command), 0o755);
  rmSync(output, { recursive: true, force: true });
  renameSync(unfinished, output);
  console.log(`dist/ is built: ${joined} files of JavaScript, ${copied.length} beside them; ${helper}`);
} catch (error) {
  console.error(`build: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
} finally {
  rmSync(unfinished, { recursive: true, force: true });
}

function compile() {
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  if (!existsSync(tsc)) throw new Error(`the compiler is not installed (${tsc}); run npm ci`);
  const { status, signal, error } = spawnSync(process.execPath, [tsc, '-p', join(root, 'tsconfig.build.json'), '--outDir', unfinished], {
    stdio: 'inherit',
  });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`the compiler ended with ${signal ?? `exit code ${status}`}`);
}

async function writeSchema() {
  const folder = join(unfinished, 'configs');
  const { configJsonSchema } = await import(pathToFileURL(join(folder, 'schema.js')).href);
  writeFileSync(join(folder, 'config.schema.json'), `${JSON.stringify(configJsonSchema(), null, 2)}\n`);
}

/** The copy has the file's mode: copyFile keeps it. */
function copy(file) {
  const target = join(unfinished, relative(root, file));
  mkdirSync(dirname(target), { recursive: true });
  copyFileSync(file, target);
  chmodSync(target, statSync(file).mode);
  return target;
}

function filesIn(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
