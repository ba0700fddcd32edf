import { spawnSync } from 'node:child_process';
import { appendFileSync, readFileSync, statSync, truncateSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { AppendFile } from '../../../lib/memo/append-file.ts';
import { encodeHeader } from '../../../lib/memo/checkpoint-format.ts';
import { readCheckpoint } from '../../../lib/memo/checkpoint-reader.ts';
import { readRecordAt } from '../../../lib/memo/record-file.ts';
import { CheckpointWriter } from '../../../lib/memo/checkpoint-writer.ts';

const HEADER = { run: '007', startedMs: 1, resumes: ['/a'] };

describe('a checkpoint file', () => {
  let folder: string;
  let path: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'flotilla-checkpoint-'));
    path = join(folder, 'checkpoint/results.ckpt');
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const refusals: string[] = [];
  const makeWriter = (at = path): CheckpointWriter =>
    new CheckpointWriter({
      path: at,
      header: () => encodeHeader(HEADER),
      onRefused: ({ message }, pending) => refusals.push(`${pending}: ${message}`),
    });
  const write = (...texts: string[]): { path: string; at: number; length: number }[] => {
    const writer = makeWriter();
    const places: { path: string; at: number; length: number }[] = [];
    for (const text of texts)
      writer.add({ body: Buffer.from(text), written: (file, at, length) => places.push({ path: file, at, length }) });
    expect(writer.close()).to.equal(0);
    return places;
  };
  const read = async (): Promise<{ texts: string[]; tornBytes: number; damaged: number }> => {
    const texts: string[] = [];
    const { source, tornBytes, damaged } = await readCheckpoint(path, (_, body) => texts.push(body.toString()));
    expect(source.header).to.deep.equal(HEADER);
    return { texts, tornBytes, damaged };
  };

  it('has what was written, in order, and says where each is', async () => {
    const places = write('one', 'two');
    expect(await read()).to.deep.equal({ texts: ['one', 'two'], tornBytes: 0, damaged: 0 });
    expect(places.map(({ path: file, at, length }) => readRecordAt(file, at, length).toString())).to.deep.equal(['one', 'two']);
    expect(statSync(path).mode & 0o077).to.equal(0);
  });

  it('is not made before there is something to write', () => {
    makeWriter().close();
    expect(statSync(path, { throwIfNoEntry: false })).to.equal(undefined);
  });

  it('that was truncated loses its last record only, is not touched by who reads it, and is cut by who writes on', async () => {
    write('one', 'two', 'three');
    truncateSync(path, statSync(path).size - 2);
    const torn = readFileSync(path);
    expect(await read()).to.deep.equal({ texts: ['one', 'two'], tornBytes: 15, damaged: 0 });
    expect(readFileSync(path).equals(torn)).to.equal(true);
    write('four');
    expect(await read()).to.deep.equal({ texts: ['one', 'two', 'four'], tornBytes: 0, damaged: 0 });
  });

  it('that is no checkpoint is refused, as is one of another version', async () => {
    AppendFile.open(path).close();
    appendFileSync(path, 'something else');
    const refuse = async (): Promise<string> => String(await readCheckpoint(path, () => undefined).catch((error: unknown) => error));
    expect(await refuse()).to.include('it has no whole record');
  });

  it('is larger than what is read at a time', async function () {
    this.timeout(20_000);
    const text = 'x'.repeat(200_000);
    write(...Array.from({ length: 100 }, (_, i) => `${i}${text}`));
    const { texts } = await read();
    expect(texts.map((each) => Number.parseInt(each, 10))).to.deep.equal(Array.from({ length: 100 }, (_, i) => i));
    const reopened = AppendFile.open(path);
    expect(reopened.size).to.equal(statSync(path).size);
    reopened.close();
  });

  it('takes what a full disk refused once there is room, and says so once', async () => {
    // A limit on the size of files, which tears a write as a full disk does. Its own process: the limit cannot be lifted again by another.
    const script = `
      import { CheckpointWriter } from ${JSON.stringify(new URL('../../../lib/memo/checkpoint-writer.ts', import.meta.url).href)};
      import { encodeHeader } from ${JSON.stringify(new URL('../../../lib/memo/checkpoint-format.ts', import.meta.url).href)};
      import { execFileSync } from 'node:child_process';
      const writer = new CheckpointWriter({ path: ${JSON.stringify(path)}, header: () => encodeHeader(${JSON.stringify(HEADER)}), onRefused: (error, pending) => console.log(pending + ' ' + error.code) });
      const add = (text) => writer.add({ body: Buffer.from(text), written: () => console.log('written ' + text[0]) });
      const limit = (bytes) => execFileSync('prlimit', ['--pid', String(process.pid), '--fsize=' + bytes + ':unlimited']);
      add('a'); writer.flush();
      limit(600);
      add('b'.repeat(1000)); writer.flush(); writer.flush({ insist: true });
      limit('unlimited');
      add('c'); writer.flush({ insist: true });
      console.log('left ' + writer.close());
    `;
    const { stdout, stderr } = spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', script], {
      encoding: 'utf8',
    });
    expect(stdout.split('\n'), stderr).to.deep.equal(['written a', '1 EFBIG', 'written b', 'written c', 'left 0', '']);
    expect((await read()).texts.map((text) => text[0])).to.deep.equal(['a', 'b', 'c']);
  });

  it('on a device without room loses nothing but itself', () => {
    refusals.length = 0;
    const writer = makeWriter('/dev/full');
    writer.add({ body: Buffer.from('x'), written: () => expect.fail('it was written') });
    expect(writer.flush()).to.equal(false);
    expect(writer.flush()).to.equal(false);
    expect(refusals).to.have.length(1);
    expect(refusals[0]).to.match(/^1: (ENOSPC|EINVAL|EACCES)/);
    expect(writer.close()).to.equal(1);
  });
});
