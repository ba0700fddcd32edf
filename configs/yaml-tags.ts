/**
 * The tags of YAML configs: values that are not written down, but taken from the environment or the machine when the file is read.
 * Knows no option, and not where in a text it is.
 */
import { parse, Scalar, type ScalarTag } from 'yaml';
import { ConfigError } from '../lib/errors/config-error.ts';
import { addressByHostname, addressByInterface, addressByRoute } from './addresses.ts';
import { allocatedLauncher, allocatedNodes } from './allocation.ts';

type Environment = Readonly<NodeJS.ProcessEnv>;

export interface YamlTags {
  readonly customTags: ScalarTag[];
  /** What YAML would make of the text of a variable. */
  readAs(text: string): unknown;
  /** Whether the value could not be made; a fault says why, and in its place is empty text. */
  isUnmade(node: object): boolean;
}

/** Functions of the package that a config may call, each by a tag of its name; what stands behind the tag is the argument. */
const CALLS: Readonly<Record<string, (argument: string, env: Environment) => unknown>> = {
  addressByHostname,
  addressByInterface: (name) => addressByInterface(requireArgument('addressByInterface', name)),
  addressByRoute,
  allocatedNodes: (_, env) => allocatedNodes(env),
  allocatedLauncher: (_, env) => allocatedLauncher(env),
};

const ENV = '!env';

export const isVariable = ({ tag }: { readonly tag?: string | undefined }): boolean => tag === ENV;
export const isUnknownTag = (tag: string): boolean => tag.startsWith('!') && tag !== ENV && !Object.hasOwn(CALLS, tag.slice(1));

export function makeTags(env: Environment): YamlTags {
  const unmade = new WeakSet<object>();
  const variables = new Map<string, unknown>();
  const said = new Set<string>();
  const tag = (name: string, make: (written: string) => unknown): ScalarTag => ({
    tag: name,
    resolve: (written, refuse) => {
      const { value, reason } = attempt(() => make(written));
      const node = new Scalar(value);
      node.source = written;
      if (reason === undefined) return node;
      unmade.add(node);
      // A variable is shown wherever it is missed; what is wrong with the machine is wrong once.
      if (name === ENV || !said.has(reason)) refuse(reason);
      said.add(reason);
      return node;
    },
  });
  const variable = (written: string): string | undefined => {
    const value = readVariable(written, env);
    if (value !== undefined) variables.set(value, readScalar(value));
    return value;
  };
  const calls = Object.entries(CALLS).map(([name, call]) => tag(`!${name}`, (argument) => call(argument.trim(), env)));
  return {
    customTags: [tag(ENV, variable), ...calls],
    readAs: (text) => variables.get(text),
    isUnmade: (node) => unmade.has(node),
  };
}

/** The value, or why there is none and something to put in its place. */
function attempt(make: () => unknown): { readonly value: unknown; readonly reason?: string } {
  try {
    return { value: make() };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { value: '', reason: error.message };
  }
}

/**
 * `NAME`, `NAME:default`, or `NAME?`, which leaves the option out where the variable has no value. A variable that is empty has none, as
 * in `${NAME:-default}` of a shell. The value stays text; what YAML would make of it is kept beside it.
 */
function readVariable(written: string, env: Environment): string | undefined {
  const colon = written.indexOf(':');
  const word = (colon === -1 ? written : written.slice(0, colon)).trim();
  const isOptional = colon === -1 && word.endsWith('?');
  const name = isOptional ? word.slice(0, -1) : word;
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
    throw new ConfigError(`!env needs the name of a variable, as in !env ACCOUNT, !env ACCOUNT:default or !env ACCOUNT?; saw '${written}'`);
  const value = env[name];
  if (value !== undefined && value !== '') return value;
  if (isOptional) return undefined;
  if (colon !== -1) return written.slice(colon + 1).trim();
  const why = value === undefined ? 'not set' : 'empty';
  throw new ConfigError(`the environment variable ${name} is ${why}; set it, or write a default: !env ${name}:default`);
}

function readScalar(text: string): unknown {
  try {
    return parse(text);
  } catch {
    // Text that is not YAML is only text.
    return text;
  }
}

function requireArgument(call: string, argument: string): string {
  if (argument !== '') return argument;
  throw new ConfigError(`!${call} needs the name of a network interface, as in !${call} ib0`);
}
