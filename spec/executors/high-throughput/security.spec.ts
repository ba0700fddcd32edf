import { expect } from 'chai';
import { curveKeyPair } from 'zeromq';
import { createRunKeys } from '../../../executors/high-throughput/security.ts';
import { decodeZ85, encodeZ85 } from '../../../executors/high-throughput/z85.ts';

describe('keys of a run', () => {
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
