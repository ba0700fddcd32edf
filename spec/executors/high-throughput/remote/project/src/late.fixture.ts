export const late = (x: number): number => x + 1;
