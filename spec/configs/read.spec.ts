import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { Config } from '../../configs/config.ts';
import { packagedNames, packagedPath } from '../../configs/packaged.ts';
import { readConfig } from '../../configs/read.ts';
import { type ConfigFolder, configErrorOf, makeConfigFolder } from '../support/configs.ts';

describe('readConfig', () => {
  let folder: ConfigFolder;
  beforeEach(async () => {
    folder = await makeConfigFolder();
  });
  afterEach(() => folder.remove());

  const messageOf = async (source: string | URL): Promise<string> => (await configErrorOf(() => readConfig(source))).message;
  const configModule = new URL('../../configs/config.ts', import.meta.url).href;

  it('finds packaged configs by name', async () => {
    expect(packagedNames()).to.include.members(['local', 'local-threads']);
    expect((await readConfig('local-threads')).compiled.executors.map(({ type }) => type)).to.deep.equal(['ThreadPoolExecutor']);
  });

  it('takes the packaged local for what the default is', async () => {
    const effectOf = ({ compiled: { executors, ...rest } }: Config): string =>
      JSON.stringify([rest, executors.map((executor) => [executor.type, Reflect.get(executor, 'compiled')])]);
    const written = effectOf(await readConfig(packagedPath('local') ?? ''));
    expect(written)
      .to.equal(effectOf(new Config()))
      .and.to.equal(effectOf(await readConfig('local')));
  });

  it('suggests the nearest name', async () => {
    expect(await messageOf('local-thread')).to.match(
      /there is no config 'local-thread'; packaged are .*local, local-threads,.* Did you mean 'local-threads'\?/,
    );
  });

  it('takes a file by path or URL, and a Config as it is', async () => {
    const file = await folder.write('c.yaml', 'retries: 4\n');
    expect((await readConfig(file)).compiled.retries).to.equal(4);
    expect((await readConfig(pathToFileURL(file))).compiled.retries).to.equal(4);
    const config = new Config();
    expect(await readConfig(config)).to.equal(config);
    expect((await readConfig({ retries: 7 })).compiled.retries).to.equal(7);
  });

  it('suggests the nearest file', async () => {
    const file = await folder.write('polaris.yaml', '');
    expect(await messageOf(file.replace('polaris', 'polarsi'))).to.match(
      /there is no config file .*polarsi\.yaml\. Did you mean '.*polaris\.yaml'\?/,
    );
  });

  it('refuses a folder and files of another kind', async () => {
    expect(await messageOf(`${folder.path}/x.toml`)).to.contain('a config is a .yaml or a .ts file');
    await folder.write('d.yaml', '');
    expect(await messageOf(`${folder.path}/`)).to.contain('a config is a .yaml or a .ts file');
  });

  const body = (text: string): string => `import { Config } from '${configModule}';\n${text}\n`;

  it('takes the default export of a module, or what its function returns', async () => {
    const direct = await folder.write('direct.ts', body('export default new Config({ retries: 5 as number });'));
    const made = await folder.write('made.ts', body('export default async () => new Config({ retries: 6 });'));
    expect((await readConfig(direct)).compiled.retries).to.equal(5);
    expect((await readConfig(made)).compiled.retries).to.equal(6);
  });

  it('applies overrides to a module', async () => {
    const file = await folder.write('set.ts', body('export default new Config({ retries: 5 });'));
    expect((await readConfig(file, ['retries=8'])).compiled.retries).to.equal(8);
  });

  it('says what a module exports instead of a Config', async () => {
    const file = await folder.write('wrong.ts', 'export default { retries: 1 };\n');
    expect(await messageOf(file)).to.match(/wrong\.ts: the default export is \{ retries: 1 \}; write export default new Config/);
  });

  it("lets a module's own error through", async () => {
    const file = await folder.write('throws.ts', "throw new RangeError('mine');\n");
    let caught: unknown;
    await readConfig(file).catch((error: unknown) => (caught = error));
    expect(caught).to.be.instanceOf(RangeError).with.property('message', 'mine');
  });
});
