/** Frames to a manager are counted from a base that differs per registration, so that late ones of an earlier one are not taken. */
export const frameBase = (attempt: number): number => (attempt << 24) >>> 0;
