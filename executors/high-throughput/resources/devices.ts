/** CPUs or GPUs of a node, by position, and how many units of each are taken. */
import { WHOLE } from './shares.ts';

export interface Devices {
  readonly granted: number[];
  readonly slots: number[];
}

/** All free. */
export const createDevices = (count: number): Devices => ({
  granted: new Array<number>(count).fill(0),
  slots: new Array<number>(count).fill(0),
});

export const copyDevices = ({ granted, slots }: Devices): Devices => ({ granted: [...granted], slots: [...slots] });

/** What of the device is neither granted nor claimed by a leased slot. */
export const roomAt = ({ granted, slots }: Devices, at: number): number =>
  Math.max(0, WHOLE - (granted[at] as number) - (slots[at] as number));
