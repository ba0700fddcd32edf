import { expect } from 'chai';
import { Requests } from '../../../executors/high-throughput/requests.ts';
import { jsApp } from '../../../index.ts';
import type { TryRequest } from '../../../lib/executor.ts';

const EMPTY = Buffer.alloc(0);
const app = jsApp(() => 0);
const request = (taskId: number, tryNumber = 1): TryRequest =>
  ({ taskId, tryNumber, flags: 0, priority: 0, context: EMPTY, args: EMPTY, fn: app }) as unknown as TryRequest;
const namesOf = (requests: Requests): string[] => requests.values().map(({ taskId, tryNumber }) => `${taskId}/${tryNumber}`);

describe('the requests of an executor', () => {
  it('are in the order in which they came, whatever their ids', () => {
    const requests = new Requests();
    for (const taskId of [5, 2, 9, 1]) requests.add(request(taskId));
    requests.delete(9);
    expect(namesOf(requests)).to.deep.equal(['5/1', '2/1', '1/1']);
    expect([requests.size, requests.get(2)?.taskId, requests.get(9)]).to.deep.equal([3, 2, undefined]);
  });

  it('that come again are behind those that came meanwhile, as their latest try', () => {
    const requests = new Requests();
    for (const taskId of [1, 2, 3]) requests.add(request(taskId));
    requests.delete(1);
    requests.add(request(1, 2));
    requests.add(request(2, 2));
    expect(namesOf(requests)).to.deep.equal(['3/1', '1/2', '2/2']);
    expect(requests.size).to.equal(3);
  });

  it('keep their order however many have come and gone', () => {
    const requests = new Requests();
    for (const taskId of [3, 1, 2]) requests.add(request(taskId));
    for (let taskId = 10; taskId < 10_000; taskId++) {
      requests.add(request(taskId));
      requests.delete(taskId);
    }
    requests.add(request(4));
    expect(namesOf(requests)).to.deep.equal(['3/1', '1/1', '2/1', '4/1']);
  });

  it('are forgotten all at once', () => {
    const requests = new Requests();
    requests.add(request(1));
    requests.clear();
    requests.add(request(2));
    expect([requests.size, ...namesOf(requests)]).to.deep.equal([1, '2/1']);
  });
});
