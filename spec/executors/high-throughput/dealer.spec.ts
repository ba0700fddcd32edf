import { expect } from 'chai';
import { unreachable } from '../../../executors/high-throughput/dealer.ts';

describe('what a manager says where the interchange does not answer', () => {
  it('names the addresses that it tried, and what to look at on the way to another machine', () => {
    const { message } = unreachable(['10.0.0.1', '10.0.1.1'], 4000, 300);
    expect(message).to.contain('within 300 ms at tcp://10.0.0.1:4000, tcp://10.0.1.1:4000. Check that this node can reach');
    expect(message).to.match(/set the executor's `address` .* keys are those of this run\.$/);
  });

  it('says of a socket of this machine that it belongs to a network namespace', () => {
    const { message } = unreachable(['@flotilla-1f'], 4000, 300);
    expect(message).to.contain(
      'at ipc://@flotilla-1f. That is a socket in the network namespace of the driver: where managers have a network',
    );
    expect(message).to.match(/set the executor's `address` .* keys are those of this run\.$/);
  });
});
