/** Bumped whenever a frame or record changes its layout; peers of another version are refused by name. */
export const PROTOCOL_VERSION = 3;

export const PACKAGE_VERSION = '0.1.0';
