/**
 * Accelerators that this machine shows: NVIDIA's by their driver's program, AMD's and Intel's by what the kernel lists.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readSystemFile } from '../../executors/high-throughput/system-file.ts';
import { ask } from './ask.ts';

/** PCI vendor ids (pcisig.com). */
const VENDORS: Readonly<Record<string, string>> = { '0x1002': 'AMD', '0x8086': 'Intel' };

export async function findAccelerators(root = '/'): Promise<string[]> {
  const answer = await ask('nvidia-smi', ['-L']);
  const nvidia = answer.ok
    ? parseNvidiaList(answer.stdout)
    : listFolder(join(root, 'proc/driver/nvidia/gpus')).map((bus) => `NVIDIA (${bus})`);
  return [...nvidia, ...readRenderNodes(root)];
}

/** @param text of `nvidia-smi -L`: `GPU 0: NVIDIA H100 (UUID: GPU-…)`, and indented lines for the instances of a partitioned one. */
export function parseNvidiaList(text: string): string[] {
  return [...text.matchAll(/^GPU \d+: (.+?) \(UUID: [^)]*\)/gm)].map(([, name = '']) => name);
}

/** Each GPU has a node to compute on, whoever made it; NVIDIA's are listed better by its own driver. */
export function readRenderNodes(root: string): string[] {
  const folder = join(root, 'sys/class/drm');
  const nodes = listFolder(folder).filter((name) => /^renderD\d+$/.test(name));
  return nodes.flatMap((node) => {
    const vendor = VENDORS[readSystemFile(join(folder, node, 'device/vendor')).trim()];
    return vendor === undefined ? [] : [`${vendor} (${node})`];
  });
}

function listFolder(path: string): string[] {
  try {
    return readdirSync(path).sort();
  } catch {
    // No such driver.
    return [];
  }
}
