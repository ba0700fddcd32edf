import { expect } from 'chai';
import { parse } from 'yaml';
import { z } from 'zod';
import { configJsonSchema } from '../../configs/schema.ts';
import { buildConfig } from '../../configs/build.ts';
import type { HighThroughputExecutor } from '../../index.ts';
import * as flotilla from '../../index.ts';

/** Each of Parsl's launchers that are here, with every option that Parsl gives it (parsl/launchers/launchers.py, 2025). */
const rows: [type: string, options: string][] = [
  ['SimpleLauncher', 'debug: false'],
  ['SingleNodeLauncher', 'debug: true, failOnAny: true'],
  ['SrunLauncher', 'debug: true, overrides: -c 112'],
  ['SrunMpiLauncher', 'debug: true, overrides: --mem=0'],
  ['MpiExecLauncher', 'debug: true, bindCmd: --cpu-bind, overrides: --depth=64 --ppn 1'],
  ['MpiRunLauncher', 'debug: true, bashLocation: /bin/bash, overrides: --oversubscribe'],
  ['WrappedLauncher', 'debug: true, prepend: time'],
  ['SshLauncher', 'debug: true, hosts: [n1, user@n2], sshCommand: /usr/bin/ssh, overrides: -p 22'],
  ['WrappedLauncher', 'prepend: time, launcher: { type: SrunLauncher, overrides: -c 2 }'],
];

describe('launchers in configs', () => {
  const schema = z.fromJSONSchema(configJsonSchema() as Parameters<typeof z.fromJSONSchema>[0]);
  const yaml = (type: string, options: string): unknown =>
    parse(`{ executors: [{ type: HighThroughputExecutor, provider: { type: LocalProvider, launcher: { type: ${type}, ${options} } } }] }`);

  for (const [type, options] of rows) {
    it(`loads ${type} with ${options} from YAML, as TypeScript writes it, without a warning`, () => {
      const data = yaml(type, options);
      const config = buildConfig(data);
      const { provider } = (config.compiled.executors[0] as HighThroughputExecutor).compiled;
      expect(provider.launcher.type).to.equal(type);
      expect(config.warnings).to.deep.equal([]);
      expect(schema.safeParse(data).success).to.equal(true);
      expect(flotilla).to.have.property(type).that.is.a('function');
    });
  }

  it('shows where a launcher has a wrong option, also within another', () => {
    const data = yaml('WrappedLauncher', 'prepend: time, launcher: { type: SrunLauncher, bindCmd: none }');
    expect(() => buildConfig(data)).to.throw('SrunLauncher.bindCmd is not an option');
    expect(schema.safeParse(data).success).to.equal(false);
  });

  it('knows each launcher by one name', () => {
    expect(() => buildConfig(yaml('SrunMPILauncher', 'debug: true'))).to.throw("Did you mean 'SrunMpiLauncher'?");
  });
});
