/**
 * Which accelerators a node's slots may have, and how a worker is told of its own. Pure: asks no driver and no device.
 */
import { SlotPlanError } from './slot-plan-error.ts';

/**
 * The devices that were given to this job, as its scheduler says in the environment; undefined when it says nothing.
 * CUDA stops reading at the first entry that names no device (CUDA C++ Programming Guide, "CUDA Environment Variables"),
 * and Slurm writes 'NoDevFiles' where a job has no GPU.
 */
export function readVisibleAccelerators(env: Readonly<Record<string, string | undefined>>): string[] | undefined {
  const text = env.CUDA_VISIBLE_DEVICES ?? env.ROCR_VISIBLE_DEVICES ?? env.ZE_AFFINITY_MASK;
  if (text === undefined) return undefined;
  const names = text.split(',').map((name) => name.trim());
  const end = names.findIndex((name) => name === '' || name === '-1' || name === 'NoDevFiles');
  return end === -1 ? names : names.slice(0, end);
}

/**
 * One name per accelerator: names as they are configured; a count takes so many of the job's visible ones, or '0', '1', … where
 * the environment names none. An empty list: the workers are not bound to accelerators.
 * @throws when the job has fewer than the count, or a device would go to two workers.
 */
export function listAccelerators(configured: number | readonly string[], visible: readonly string[] | undefined): string[] {
  if (typeof configured !== 'number') return requireDistinct(configured);
  if (visible === undefined) return Array.from({ length: configured }, (_, index) => String(index));
  if (visible.length < configured) {
    throw new SlotPlanError(
      `availableAccelerators is ${configured}, but this job was given ${visible.length}` +
        `${visible.length === 0 ? '' : ` (${visible.join(',')})`}; ask the scheduler for ${configured}, or lower availableAccelerators`,
    );
  }
  return requireDistinct(visible.slice(0, configured));
}

function requireDistinct(names: readonly string[]): string[] {
  const device = repeatedDevice(names);
  if (device !== undefined) throw new SlotPlanError(`accelerator '${device}' is listed twice; each belongs to one worker`);
  return [...names];
}

/** One that would go to two workers; a name may be of several: '0,1'. */
export function repeatedDevice(names: readonly string[]): string | undefined {
  const devices = names.flatMap((name) => name.split(','));
  return devices.find((device, at) => devices.indexOf(device) !== at);
}

/**
 * What hides all of them. A device of number −1 is none, for CUDA ("CUDA Environment Variables"), HIP and ROCr (see below); the runtime of
 * Intel knows no such number.
 */
export const noAcceleratorEnv = (): Record<string, string> => ({
  CUDA_VISIBLE_DEVICES: '-1',
  ROCR_VISIBLE_DEVICES: '-1',
  HIP_VISIBLE_DEVICES: '-1',
});

/**
 * What shows a worker its own accelerator and no other, for the runtimes of NVIDIA, AMD and Intel.
 *
 * AMD has two that choose one after the other: ROCr leaves what ROCR_VISIBLE_DEVICES names, and HIP counts from 0 among what is left,
 * by HIP_VISIBLE_DEVICES, or where that is not set by CUDA_VISIBLE_DEVICES, under whose number there would be nothing
 * (https://rocm.docs.amd.com/en/latest/conceptual/gpu-isolation.html; rocdevice.cpp of ROCclr).
 */
export function acceleratorEnv(name: string): Record<string, string> {
  return {
    CUDA_VISIBLE_DEVICES: name,
    ROCR_VISIBLE_DEVICES: name,
    HIP_VISIBLE_DEVICES: name
      .split(',')
      .map((_, index) => index)
      .join(','),
    ZE_AFFINITY_MASK: name,
    ZE_ENABLE_PCI_ID_DEVICE_ORDER: '1',
  };
}
