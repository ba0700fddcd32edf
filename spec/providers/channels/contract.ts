/** What every channel must do, with real programs and files on its machine. */
import { expect } from 'chai';
import type { Channel } from '../../../lib/channel.ts';
import { eventually } from '../../support/eventually.ts';

export interface ChannelUnderTest {
  open(): Promise<Channel>;
  /** A folder of its own on the channel's machine; removed by the caller. */
  folder(): string;
}

export function channelContract(title: string, { open, folder }: ChannelUnderTest): void {
  describe(`channel contract: ${title}`, () => {
    let channel: Channel;
    beforeEach(async () => {
      channel = await open();
    });
    afterEach(() => channel[Symbol.asyncDispose]());

    const bash = (script: string, ...args: string[]) => channel.run({ argv: ['bash', '-c', script, 'bash', ...args] });

    it('runs a program and brings back what it said and how it ended', async () => {
      expect(await bash('echo out; echo err >&2; exit 3')).to.deep.equal({
        exitCode: 3,
        stdout: 'out\n',
        stderr: 'err\n',
        timedOut: false,
      });
    });

    it('hands over each argument as it is', async () => {
      const words = ['', "it's", '$HOME `id`', '\\', 'a\nb', '-n', '*', 'ä ☃'];
      const { stdout } = await bash(`printf '%s\\0' "$@"`, ...words);
      expect(stdout.split('\0').slice(0, -1)).to.deep.equal(words);
    });

    it('gives it variables and something to read', async () => {
      const { stdout } = await channel.run({ argv: ['bash', '-c', 'cat; echo "$ODD"'], env: { ODD: `it's "so"` }, stdin: 'read\n' });
      expect(stdout).to.equal(`read\nit's "so"\n`);
    });

    it('gives it nothing to read when nothing is said', async () => {
      expect(await bash('cat; echo end')).to.include({ stdout: 'end\n' });
    });

    it('says by which signal it died', async () => {
      const result = await bash('kill -KILL $$');
      expect([result.signal, result.exitCode]).to.deep.equal(['SIGKILL', undefined]);
    });

    it('reports a program that is not there as a shell does', async () => {
      const result = await channel.run({ argv: ['flotilla-no-such-program', 'x'] });
      expect(result).to.include({ exitCode: 127, timedOut: false });
      expect(result.stderr).to.include('flotilla-no-such-program');
    });

    it('ends a program, and what it started, when its time is over', async () => {
      const mark = `${folder()}/pid`;
      const script = '(echo "$BASHPID" > "$1"; exec sleep 300) & wait';
      const result = await channel.run({ argv: ['bash', '-c', script, 'bash', mark], timeoutMs: 1000 });
      expect(result.timedOut).to.equal(true);
      await eventually('its child to be gone', async () => (await bash('kill -0 "$(cat "$1")" 2>/dev/null', mark)).exitCode !== 0);
    });

    it('ends one that is given up', async () => {
      const giveUp = new AbortController();
      const running = channel.run({ argv: ['sleep', '300'], abort: giveUp.signal });
      giveUp.abort();
      expect((await running).timedOut).to.equal(true);
    });

    it('ends one that says too much', async () => {
      const result = await channel.run({ argv: ['bash', '-c', 'while :; do echo 0123456789; done'], maxOutputBytes: 1000 });
      expect(result.timedOut).to.equal(true);
      expect(result.stdout.length).to.be.at.most(1000);
    });

    it('writes files with their mode, in folders that it makes, and replaces them whole', async () => {
      const path = `${folder()}/made/deep/script.sh`;
      await channel.mkdir(`${folder()}/made/deep`, 0o700);
      await channel.mkdir(`${folder()}/made/deep`);
      await channel.writeFile(path, 'exit 1\n', 0o600);
      await channel.writeFile(path, '#!/bin/sh\necho ☃\n', 0o700);
      expect((await channel.run({ argv: [path] })).stdout).to.equal('☃\n');
      expect((await bash('stat -c %a "$1" "$2"; ls "$2"', path, `${folder()}/made/deep`)).stdout).to.equal('700\n700\nscript.sh\n');
    });

    it('reads the end of a file', async () => {
      const path = `${folder()}/log`;
      await channel.writeFile(path, 'first\nlast\n', 0o600);
      expect(await channel.readTail(path, 5)).to.equal('last\n');
      expect(await channel.readTail(path, 5000)).to.equal('first\nlast\n');
      expect(await channel.readTail(`${folder()}/nowhere`, 5)).to.equal(undefined);
    });

    it('starts a program without waiting for it', async () => {
      const mark = `${folder()}/detached`;
      channel.runDetached(['touch', mark]);
      channel.runDetached(['flotilla-no-such-program']);
      await eventually('its mark', async () => (await channel.readTail(mark, 1)) !== undefined);
    });

    it('ends what still runs when it is closed, and closes twice as once', async () => {
      const running = channel.run({ argv: ['sleep', '300'] });
      await channel[Symbol.asyncDispose]();
      await channel[Symbol.asyncDispose]();
      expect((await running).timedOut).to.equal(true);
    });
  });
}
