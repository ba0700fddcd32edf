/**
 * Reads the chosen config: by name, from a YAML or TypeScript file, or as it was given. Overrides are applied on the way.
 */
import { readFile } from 'node:fs/promises';
import { dirname, extname, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ConfigError, type ConfigProblem } from '../lib/errors/config-error.ts';
import { showValue } from '../lib/options/report.ts';
import { didYouMean } from '../lib/suggest.ts';
import { buildConfig, type Substitute } from './build.ts';
import { type ConfigArgument, DEFAULT_CONFIG } from './choose.ts';
import { Config } from './config.ts';
import { importDefault } from './config-module.ts';
import { didYouMeanFile } from './nearest-file.ts';
import { applyOverride, blameOverride, isOverridden, type Override, parseOverride } from './overrides.ts';
import { packagedNames, packagedPath } from './packaged.ts';
import { takeApart } from './take-apart.ts';
import type { YamlVariable } from './yaml-source.ts';

const MODULE_EXTENSIONS = ['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs'];
const YAML_EXTENSIONS = ['.yaml', '.yml', '.json'];

/**
 * @param loader The module that has called load().
 * @throws ConfigError that says where and why.
 */
export async function readConfig(source: ConfigArgument, set: readonly string[] = [], loader?: string): Promise<Config> {
  const overrides = await parseOverrides(set);
  // The packaged `local` is the default written out; reading and checking it would cost 100 ms of every start.
  if (source === DEFAULT_CONFIG && overrides.length === 0) return new Config();
  if (typeof source === 'string' || source instanceof URL) return readFrom(locateConfig(source), overrides, loader);
  const config = Config.is(source) ? source : new Config(source);
  return overrideConfig(config, overrides);
}

/** @returns absolute path of the file that a name, a path or a URL stands for. @throws ConfigError for a name that is not there. */
export function locateConfig(source: string | URL): string {
  if (source instanceof URL || source.startsWith('file://')) return fileURLToPath(source);
  const looksLikeFile = source.includes('/') || [...MODULE_EXTENSIONS, ...YAML_EXTENSIONS].includes(extname(source));
  if (looksLikeFile) return resolve(source);
  const path = packagedPath(source);
  if (path !== undefined) return path;
  const names = packagedNames();
  throw new ConfigError(
    `there is no config '${source}'; packaged are ${names.join(', ')}, and a file is named by its path, such as ./${source}.yaml.${didYouMean(source, names)}`,
  );
}

async function readFrom(path: string, overrides: readonly Override[], loader: string | undefined): Promise<Config> {
  const extension = extname(path);
  if (YAML_EXTENSIONS.includes(extension)) return readYaml(path, overrides);
  if (MODULE_EXTENSIONS.includes(extension)) return overrideConfig(await importConfig(path, loader), overrides);
  throw new ConfigError(`${path}: a config is a .yaml or a .ts file`);
}

async function readYaml(path: string, overrides: readonly Override[]): Promise<Config> {
  const [{ parseYaml }, text] = await Promise.all([import('./yaml-source.ts'), readText(path)]);
  const { data, substitutes, faults, isOfFault, locate: place } = parseYaml(shorten(path), text, process.env);
  let problems: readonly ConfigProblem[] = [];
  try {
    const config = buildOverridden(data, substitutes, overrides, place);
    if (faults.length === 0) return config;
  } catch (error) {
    if (!(error instanceof ConfigError) || faults.length === 0) throw error;
    // Everything that is wrong in one go, but nothing twice.
    problems = error.problems.filter((problem) => !isOfFault(problem));
  }
  throw new ConfigError([...faults, ...problems].sort(byPlace));
}

/** What of a YAML config comes from the environment, and is not overridden. @throws ConfigError when it is not YAML. */
export async function variablesOf(path: string, set: readonly string[]): Promise<readonly YamlVariable[]> {
  if (!YAML_EXTENSIONS.includes(extname(path))) return [];
  const [{ parseYaml }, text, overrides] = await Promise.all([import('./yaml-source.ts'), readText(path), parseOverrides(set)]);
  return parseYaml(shorten(path), text, process.env).variables.filter((variable) => !isOverridden(variable.path, overrides));
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw cannotRead(path, error);
  }
}

async function importConfig(path: string, loader: string | undefined): Promise<Config> {
  await readText(path);
  const exported = await importDefault(path, loader);
  if (Config.is(exported)) return exported;
  throw new ConfigError(
    `${shorten(path)}: the default export is ${showValue(exported)}; write export default new Config({ … }), or a function that returns one`,
  );
}

function overrideConfig(config: Config, overrides: readonly Override[]): Config {
  return overrides.length === 0 ? config : buildOverridden(takeApart(config), [], overrides, (problem) => problem);
}

function buildOverridden(
  data: unknown,
  substitutes: readonly Substitute[],
  overrides: readonly Override[],
  place: (problem: ConfigProblem) => ConfigProblem,
): Config {
  const overridden = overrides.reduce(applyOverride, data);
  try {
    return buildConfig(
      overridden,
      substitutes.filter(({ path }) => !isOverridden(path, overrides)),
    );
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const problems = error.problems.map((problem) => blameOverride(problem, overrides, data) ?? place(problem));
    throw new ConfigError(problems.sort(byPlace), { cause: error.cause });
  }
}

async function parseOverrides(set: readonly string[]): Promise<Override[]> {
  if (set.length === 0) return [];
  const { parse } = await import('yaml');
  return set.map((text) => parseOverride(text, (value): unknown => parse(value)));
}

function byPlace(a: ConfigProblem, b: ConfigProblem): number {
  return (a.place?.line ?? 0) - (b.place?.line ?? 0) || (a.place?.column ?? 0) - (b.place?.column ?? 0);
}

function cannotRead(path: string, error: unknown): ConfigError {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== 'ENOENT') return new ConfigError(`the config ${path} cannot be read: ${code ?? String(error)}`, { cause: error });
  return new ConfigError(`there is no config file ${path}.${didYouMeanFile(path)}`, { cause: error });
}

/** Relative where that is shorter to read. */
function shorten(path: string): string {
  const near = relative(process.cwd(), path);
  return near.startsWith(`..`) || dirname(path) === near ? path : near;
}
