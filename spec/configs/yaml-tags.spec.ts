import { hostname } from 'node:os';
import { expect } from 'chai';
import type { Config } from '../../configs/config.ts';
import { readConfig } from '../../configs/read.ts';
import type { HighThroughputExecutor } from '../../executors/high-throughput/description.ts';
import { type ConfigFolder, configErrorOf, makeConfigFolder } from '../support/configs.ts';
import { withEnvironment } from '../support/machine-configs.ts';

describe('tags of a YAML config', () => {
  let folder: ConfigFolder;
  beforeEach(async () => {
    folder = await makeConfigFolder();
  });
  afterEach(() => folder.remove());

  const read = async (text: string, set: Record<string, string> = {}): Promise<Config> => {
    const path = await folder.write('c.yaml', `executors:\n  - type: HighThroughputExecutor\n    ${text}\n`);
    return withEnvironment(set, () => readConfig(path));
  };
  const htex = async (text: string, set?: Record<string, string>) =>
    ((await read(text, set)).compiled.executors[0] as HighThroughputExecutor).compiled;
  const refusal = async (text: string, set?: Record<string, string>): Promise<string> =>
    (await configErrorOf(() => read(text, set))).message;

  it('!env NAME? leaves the option out where the variable is not set or empty', async () => {
    const text = 'maxWorkersPerNode: !env FLOTILLA_SPEC?';
    expect((await htex(text)).maxWorkersPerNode).to.equal(Number.POSITIVE_INFINITY);
    expect((await htex(text, { FLOTILLA_SPEC: '' })).maxWorkersPerNode).to.equal(Number.POSITIVE_INFINITY);
    expect((await htex(text, { FLOTILLA_SPEC: '3' })).maxWorkersPerNode).to.equal(3);
  });

  it('!env NAME:default takes the default where the variable is not set or empty', async () => {
    const text = 'maxWorkersPerNode: !env FLOTILLA_SPEC:5';
    expect((await htex(text)).maxWorkersPerNode).to.equal(5);
    expect((await htex(text, { FLOTILLA_SPEC: '' })).maxWorkersPerNode).to.equal(5);
    expect((await htex(text, { FLOTILLA_SPEC: '3' })).maxWorkersPerNode).to.equal(3);
  });

  it('!env NAME is refused where the variable is empty, as it is where it is not set', async () => {
    const text = 'python: !env FLOTILLA_SPEC';
    expect(await refusal(text)).to.include('c.yaml:3:13: the environment variable FLOTILLA_SPEC is not set; set it');
    expect(await refusal(text, { FLOTILLA_SPEC: '' })).to.include('c.yaml:3:13: the environment variable FLOTILLA_SPEC is empty; set it');
  });

  it('!env NAME? is not for the middle of a default', async () => {
    expect((await htex('python: !env FLOTILLA_SPEC:py?')).python).to.equal('py?');
  });

  it('call the functions that find addresses', async () => {
    expect((await htex('address: !addressByHostname')).address).to.equal(hostname());
    expect((await htex('address: !addressByInterface lo')).address).to.equal('127.0.0.1');
  });

  it('say at line and column why a function has no value', async () => {
    expect(await refusal('address: !addressByInterface ib9')).to.match(
      /c\.yaml:3:14: addressByInterface: this machine has no interface 'ib9'/,
    );
    expect(await refusal('address: !addressByInterface')).to.match(
      /c\.yaml:3:14: !addressByInterface needs the name of a network interface/,
    );
  });

  it('are none but those', async () => {
    expect(await refusal('address: !addressByMagic')).to.match(/c\.yaml:3:14: .*!addressByMagic/);
  });
});
