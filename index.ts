/**
 * Flotilla's public surface, and nothing else.
 */
export { bashApp } from './lib/apps/bash-app.ts';
export { joinApp } from './lib/apps/join-app.ts';
export { jsApp } from './lib/apps/js-app.ts';
export { pythonApp } from './lib/apps/python-app.ts';
export { kw } from './lib/apps/kw.ts';
export { sh } from './lib/apps/sh.ts';
export { file } from './lib/files/file.ts';
export { DataFile } from './lib/files/data-file.ts';
export { AppFuture } from './lib/futures/app-future.ts';
export { DataFuture } from './lib/futures/data-future.ts';
export { DataFlowKernel } from './lib/kernel/kernel.ts';
