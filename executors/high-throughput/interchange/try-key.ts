/** One number per try, exact below 2^48, for sets and maps. */
export const tryKey = (taskId: number, tryNumber: number): number => taskId * 0x10000 + tryNumber;

export const taskIdOf = (key: number): number => Math.floor(key / 0x10000);

export const tryNumberOf = (key: number): number => key % 0x10000;
