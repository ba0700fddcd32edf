/**
 * `flotilla doctor`.
 */
export async function runDoctor(): Promise<void> {
  await Promise.resolve();
}
