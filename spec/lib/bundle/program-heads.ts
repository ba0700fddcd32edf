/** Files that begin as programs for other machines do, as far as a bundle looks. */

const ELF_MACHINES = { x64: 62, arm64: 183 } as const;

/** @param loader none: a library. */
export function elfHead(arch: keyof typeof ELF_MACHINES, loader?: string): Buffer {
  const head = Buffer.alloc(256);
  head.write('\x7fELF\x02\x01\x01', 0, 'latin1');
  head.writeUInt16LE(ELF_MACHINES[arch], 18);
  head.writeBigUInt64LE(64n, 32);
  head.writeUInt16LE(56, 54);
  head.writeUInt16LE(loader === undefined ? 0 : 1, 56);
  if (loader === undefined) return head;
  head.writeUInt32LE(3, 64);
  head.writeBigUInt64LE(128n, 64 + 8);
  head.writeBigUInt64LE(BigInt(loader.length + 1), 64 + 32);
  head.write(loader, 128, 'latin1');
  return head;
}

export function machOHead(cpu: number): Buffer {
  const head = Buffer.alloc(64);
  head.writeUInt32BE(0xcffaedfe, 0);
  head.writeUInt32LE(cpu, 4);
  return head;
}
