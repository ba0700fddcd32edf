/**
 * A script for two nodes, with the config that its environment names. Two tasks that need a node each, held until
 * both run, and then the end.
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { bashApp, load } from '../../index.ts';

const kernel = await load();
console.log(`run ${kernel.runId}`);
const work = bashApp((number: number) => `echo ${number} >> started; until [ -e go ]; do sleep 0.1; done; hostname`, { returns: 'stdout' });
const tasks = [0, 1].map((number) => work(number));
while (!existsSync('started') || readFileSync('started', 'utf8').trim().split('\n').length < 2) await pause(50);
appendFileSync('go', '');
const said = (await Promise.all(tasks)).map((text) => text.trim()).toSorted();
console.log(`hosts ${said.join(', ')}`);
await kernel.close();
console.log('closed');
