import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { parse } from 'yaml';
import { z } from 'zod';
import { packagedNames, packagedPath } from '../../configs/packaged.ts';
import { configJsonSchema } from '../../configs/schema.ts';

type JsonSchemaInput = Parameters<typeof z.fromJSONSchema>[0];

describe('the JSON Schema', () => {
  const validator = z.fromJSONSchema(configJsonSchema() as JsonSchemaInput);
  const accepts = (text: string): boolean => validator.safeParse(parse(text)).success;

  for (const name of packagedNames()) {
    it(`validates the packaged ${name}.yaml`, () => expect(accepts(readFileSync(packagedPath(name) ?? '', 'utf8'))).to.equal(true));
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
