import { expect } from 'chai';
import { SimpleLauncher } from '../../launchers/simple-launcher.ts';
import { launcherContract } from './contract.ts';

launcherContract('SimpleLauncher', { make: () => new SimpleLauncher(), nodesPerBlock: 1, tasksPerNode: 1, copies: 1 });

describe('SimpleLauncher', () => {
  it('is the command itself', () => expect(new SimpleLauncher().wrap('node manager.js --block 0')).to.equal('node manager.js --block 0'));

  it('is frozen data', () => {
    const launcher = new SimpleLauncher({ debug: false });
    expect(launcher).to.be.frozen;
    expect(launcher).to.deep.include({ type: 'SimpleLauncher', options: { debug: false } });
  });

  it('refuses an option that it does not have, and names the nearest', () => {
    expect(() => new SimpleLauncher({ debgu: true } as object))
      .to.throw("Did you mean 'debug'?")
      .with.property('name', 'ConfigError');
  });
});
