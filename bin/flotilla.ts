#!/usr/bin/env node
/**
 * The `flotilla` command's first file: finds a Node that can run the rest. It must itself run on any Node since 18, so it
 * imports nothing that is newer, and all else only once the version is right.
 */
import { startPinnedNode } from './pinned-node.ts';

const NEEDED = 24;

if (Number.parseInt(process.versions.node, 10) >= NEEDED) {
  const { main } = await import('./cli.ts');
  await main(process.argv.slice(2));
} else {
  startPinnedNode(NEEDED);
}
