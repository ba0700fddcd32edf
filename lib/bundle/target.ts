/**
 * For which machines a program or a native library was built, by its first bytes. Executes nothing.
 *
 * Source of the layouts: elf(5), and mach-o/loader.h of Apple's SDK.
 */
import { open } from 'node:fs/promises';

export interface Target {
  readonly platform: 'linux' | 'darwin';
  /** As `process.arch` has it. */
  readonly arch: string;
  /** Of a program on Linux: whose loader starts it. Libraries do not say. */
  readonly libc?: 'glibc' | 'musl';
  /** Absolute path of that loader: /lib64/ld-linux-x86-64.so.2. */
  readonly loader?: string;
}

const ELF = 0x7f454c46;
const ELF_MACHINES: ReadonlyMap<number, string> = new Map([
  [62, 'x64'],
  [183, 'arm64'],
  [21, 'ppc64'],
  [22, 's390x'],
  [243, 'riscv64'],
]);
const MACH_O = 0xcffaedfe;
const MACH_O_CPUS: ReadonlyMap<number, string> = new Map([
  [0x01000007, 'x64'],
  [0x0100000c, 'arm64'],
]);
const PT_INTERP = 3;
/** Program headers of real files follow the header directly. */
const HEAD_BYTES = 8192;

/** @returns undefined if the file is neither a 64-bit ELF nor a Mach-O file. @throws Error of the file system. */
export async function targetOf(path: string): Promise<Target | undefined> {
  await using file = await open(path);
  const { bytesRead, buffer } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
  return targetOfHead(buffer.subarray(0, bytesRead));
}

function targetOfHead(head: Buffer): Target | undefined {
  if (head.length < 64) return undefined;
  const magic = head.readUInt32BE(0);
  if (magic === MACH_O) {
    const cpu = head.readUInt32LE(4);
    return { platform: 'darwin', arch: MACH_O_CPUS.get(cpu) ?? `cpu ${cpu}` };
  }
  const is64LittleEndian = head[4] === 2 && head[5] === 1;
  return magic === ELF && is64LittleEndian ? elfTarget(head) : undefined;
}

function elfTarget(head: Buffer): Target {
  const machine = head.readUInt16LE(18);
  const arch = ELF_MACHINES.get(machine) ?? `ELF machine ${machine}`;
  const loader = loaderOf(head);
  if (loader === undefined) return { platform: 'linux', arch };
  return { platform: 'linux', arch, libc: loader.includes('musl') ? 'musl' : 'glibc', loader };
}

function loaderOf(head: Buffer): string | undefined {
  const [first, size, count] = [Number(head.readBigUInt64LE(32)), head.readUInt16LE(54), head.readUInt16LE(56)];
  for (let at = first; at < first + size * count && at + 40 <= head.length; at += size) {
    if (head.readUInt32LE(at) !== PT_INTERP) continue;
    const [offset, length] = [Number(head.readBigUInt64LE(at + 8)), Number(head.readBigUInt64LE(at + 32))];
    return head.toString('latin1', offset, offset + length - 1);
  }
  return undefined;
}

/** "Linux x64 with glibc". */
export function describeTarget({ platform, arch, libc }: Target): string {
  return `${platform === 'linux' ? 'Linux' : 'macOS'} ${arch}${libc === undefined ? '' : ` with ${libc}`}`;
}
