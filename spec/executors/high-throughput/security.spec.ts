import { chmod, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { curveKeyPair } from 'zeromq';
import {
  createKeyPair,
  createRunKeys,
  managerKeysOf,
  readManagerKeys,
  writeManagerKeys,
} from '../../../executors/high-throughput/security.ts';
import { decodeZ85, encodeZ85 } from '../../../executors/high-throughput/z85.ts';

const messageOf = async (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'no error',
    (error: Error) => error.message,
  );

describe('keys of a run', () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'flotilla-keys-'));
  });
  afterEach(() => rm(dir, { recursive: true }));

  it('are new for each run', () => {
    const keys = [createRunKeys(), createRunKeys()].flatMap(({ server, client }) => [
      server.publicKey,
      server.secretKey,
      client.publicKey,
      client.secretKey,
    ]);
    expect(new Set(keys).size).to.equal(8);
    for (const key of keys) expect(decodeZ85(key)).to.have.length(32);
  });

  it('lie in a file of mode 0600 in a directory of mode 0700', async () => {
    const path = join(dir, 'keys', 'manager.json');
    const keys = managerKeysOf(createRunKeys());
    await writeManagerKeys(path, keys);
    expect((await stat(path)).mode & 0o777).to.equal(0o600);
    expect((await stat(join(dir, 'keys'))).mode & 0o777).to.equal(0o700);
    expect(await readManagerKeys(path)).to.deep.equal(keys);
  });

  it('are refused if others could have read them', async () => {
    const path = join(dir, 'manager.json');
    await writeManagerKeys(path, managerKeysOf(createRunKeys()));
    await chmod(path, 0o640);
    expect(await messageOf(readManagerKeys(path)))
      .to.include(path)
      .and.include('640')
      .and.include('chmod 600');
  });

  it('are refused if the file holds something else, which is not repeated', async () => {
    const path = join(dir, 'manager.json');
    await writeFile(path, JSON.stringify({ serverKey: 'short', secretKey: createKeyPair().secretKey }), { mode: 0o600 });
    expect(await messageOf(readManagerKeys(path)))
      .to.include(path)
      .and.include('40 characters')
      .and.not.include('short');
  });
});

describe('Z85', () => {
  it('encodes the example of its specification', () => {
    const bytes = Buffer.from([0x86, 0x4f, 0xd2, 0x6f, 0xb5, 0x59, 0xf7, 0x5b]);
    expect(encodeZ85(bytes)).to.equal('HelloWorld');
    expect(decodeZ85('HelloWorld')).to.deep.equal(bytes);
  });

  it('agrees with ZeroMQ', () => {
    const { publicKey } = curveKeyPair();
    expect(encodeZ85(decodeZ85(publicKey))).to.equal(publicKey);
  });

  for (const text of ['abc', 'abcd"', '#####']) {
    it(`refuses ${text}`, () => expect(() => decodeZ85(text)).to.throw(RangeError));
  }
});
