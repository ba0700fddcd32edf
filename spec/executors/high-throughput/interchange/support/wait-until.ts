/** Polls until the condition holds; `describe` says what was seen if it does not within the deadline. */
export async function waitUntil(
  condition: () => boolean,
  describe: () => string = () => condition.toString(),
  timeoutMs = 5000,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`after ${timeoutMs} ms still not: ${describe()}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
