import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalChannel } from '../../../providers/channels/local-channel.ts';
import { channelContract } from './contract.ts';

describe('the channel to this machine', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'flotilla-channel-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  channelContract('LocalChannel', { open: async () => new LocalChannel(), folder: () => folder });
});
