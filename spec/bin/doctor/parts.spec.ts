import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { parseNvidiaList, readRenderNodes } from '../../../bin/doctor/accelerators.ts';
import { formatBytes } from '../../../bin/doctor/check.ts';
import { checkFolder } from '../../../bin/doctor/disk.ts';
import { checkLimits } from '../../../bin/doctor/limits.ts';
import { tableLines } from '../../../bin/text-table.ts';

describe('the doctor on accelerators', () => {
  it('reads the list of NVIDIA, where parts of one count as that one', () => {
    const text = [
      'GPU 0: NVIDIA A100-SXM4-40GB (UUID: GPU-5d5ba0d6-d33d-2b2c-524d-9e3d8d2b8a77)',
      '  MIG 1g.5gb      Device  0: (UUID: MIG-c6d4f1ef-42e4-5de3-91c7-45d71c87eb3f)',
      'GPU 1: NVIDIA A100-SXM4-40GB (UUID: GPU-1f3f4ba0-0000-2b2c-524d-9e3d8d2b8a77)',
    ].join('\n');
    expect(parseNvidiaList(text)).to.deep.equal(['NVIDIA A100-SXM4-40GB', 'NVIDIA A100-SXM4-40GB']);
  });

  it("finds AMD's and Intel's among what the kernel lists, and nothing where it lists nothing", () => {
    const root = mkdtempSync(join(tmpdir(), 'flotilla-doctor-'));
    try {
      expect(readRenderNodes(root)).to.deep.equal([]);
      for (const [node, vendor] of Object.entries({ renderD128: '0x1002', renderD129: '0x8086', renderD130: '0x10de', card0: '0x1002' })) {
        mkdirSync(join(root, 'sys/class/drm', node, 'device'), { recursive: true });
        writeFileSync(join(root, 'sys/class/drm', node, 'device/vendor'), `${vendor}\n`);
      }
      expect(readRenderNodes(root)).to.deep.equal(['AMD (renderD128)', 'Intel (renderD129)']);
    } finally {
      rmSync(root, { recursive: true });
    }
  });
});

describe('the doctor on limits', () => {
  const limits = (files: string, processes: string): string =>
    `Limit  Soft Limit  Hard Limit  Units\nMax processes             ${processes}   ${processes}   processes\nMax open files            ${files}   4096   files\n`;

  it('warns of few open files, and says how to have more', () => {
    const [files, processes] = checkLimits(limits('1024', 'unlimited'));
    expect(files).to.include({ name: 'open files', status: 'optional', found: '1024' });
    expect(files?.remedy).to.contain('ulimit -n 65536');
    expect(processes).to.include({ status: 'ok', found: 'unlimited' });
  });

  it('knows nothing where the system says nothing', () => expect(checkLimits('')).to.deep.equal([]));
});

describe('the doctor on disks', () => {
  it('warns of little space, and removes what it wrote', () => {
    const folder = mkdtempSync(join(tmpdir(), 'flotilla-doctor-'));
    try {
      const needs = { neededFor: 'logs', required: true };
      expect(checkFolder('run directory', folder, { ...needs, little: 0 }).status).to.equal('ok');
      expect(checkFolder('run directory', folder, { ...needs, little: Number.MAX_SAFE_INTEGER }).status).to.equal('optional');
      expect(readdirSync(folder)).to.deep.equal([]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('takes a folder that cannot be written for a problem where one is needed', () => {
    const needs = { little: 0, neededFor: 'logs' };
    expect(checkFolder('run directory', '/proc', { ...needs, required: true }).status).to.equal('problem');
    expect(checkFolder('shared memory', '/proc', { ...needs, required: false }).status).to.equal('optional');
  });
});

describe('figures and tables', () => {
  for (const [bytes, text] of [
    [0, '0 B'],
    [1023, '1023 B'],
    [1536 * 2 ** 20, '1.5 GiB'],
    [2 ** 62, '4096 PiB'],
  ] as const)
    it(`${bytes} bytes are ${text}`, () => expect(formatBytes(bytes)).to.equal(text));

  it('align columns, and leave no blanks behind lines', () =>
    expect(
      tableLines([
        ['a', 'long', 'x'],
        ['longer', ''],
      ]),
    ).to.deep.equal(['a       long  x', 'longer']));
});
