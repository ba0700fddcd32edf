/**
 * What Node is told where it runs interchanges and managers: programs that forward much and keep little.
 */
export const FORWARDER_NODE_OPTIONS: readonly string[] = [
  '--disable-warning=ExperimentalWarning',
  // Next to nothing of what a message leaves behind lives on. Helping threads take longer to be woken than it takes to look, and on a
  // busy machine everybody waits for the last of them, often for 10 ms.
  '--no-parallel-scavenge',
  // MB. A quarter as many collections of garbage as with what V8 begins with, which stays small where little lives on.
  '--min-semi-space-size=16',
];
