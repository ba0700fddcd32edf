import { expect } from 'chai';
import { parse } from 'yaml';
import { z } from 'zod';
import { packagedNames } from '../../configs/packaged.ts';
import { readConfig } from '../../configs/read.ts';
import { configJsonSchema } from '../../configs/schema.ts';
import { takeApart } from '../../configs/take-apart.ts';
import { withEnvironment } from '../support/machine-configs.ts';

type JsonSchemaInput = Parameters<typeof z.fromJSONSchema>[0];

const ENVIRONMENT = {
  FLOTILLA_ACCOUNT: 'project',
  FLOTILLA_QOS: 'normal',
  FLOTILLA_CPUS_PER_NODE: '64',
  SLURM_JOB_ID: '1',
  SLURM_JOB_NUM_NODES: '2',
};

describe('the JSON Schema', () => {
  const validator = z.fromJSONSchema(configJsonSchema() as JsonSchemaInput);
  const accepts = (text: string): boolean => validator.safeParse(parse(text)).success;

  for (const name of packagedNames()) {
    it(`validates the packaged ${name}.yaml, with what it takes from the environment`, async () => {
      const config = await withEnvironment(ENVIRONMENT, () => readConfig(name));
      expect(validator.safeParse(takeApart(config)).success).to.equal(true);
    });
  }

  const rows: [boolean, string][] = [
    [true, '{ retries: 2, maxIdleTime: 2m, executors: [{ type: ThreadPoolExecutor, maxThreads: 2 }] }'],
    [
      true,
      '{ executors: [{ type: HighThroughputExecutor, memPerWorker: 6, provider: { type: LocalProvider, launcher: { type: SimpleLauncher } } }] }',
    ],
    [false, '{ retries: many }'],
    [false, '{ retrys: 2 }'],
    [false, '{ executors: [{ maxThreads: 2 }] }'],
    [false, '{ executors: [{ type: NoSuchExecutor }] }'],
    [false, '{ executors: [{ type: HighThroughputExecutor, provider: { type: SimpleLauncher } }] }'],
    [false, '{ executors: [{ type: HighThroughputExecutor, max_workers: 2 }] }'],
  ];
  for (const [valid, text] of rows) it(`${valid ? 'accepts' : 'refuses'} ${text}`, () => expect(accepts(text)).to.equal(valid));

  it('is plain JSON without marks of ours, and leaves out what YAML cannot write', () => {
    const text = JSON.stringify(configJsonSchema());
    expect(text).to.not.contain('x-flotilla');
    expect(text).to.not.contain('retryHandler');
    expect(JSON.parse(text)).to.deep.equal(configJsonSchema());
  });
});
