import { expect } from 'chai';
import { boundOf, findCriticalPath } from '../../../examples/wfcommons/bounds.ts';
import { type FileLinks, linkByFiles } from '../../../examples/wfcommons/file-links.ts';
import { parseWorkflow } from '../../../examples/wfcommons/workflow.ts';
import { type GeneratedTask, wfFormat } from './generated.ts';

const link = (tasks: readonly GeneratedTask[]): FileLinks => linkByFiles(parseWorkflow(wfFormat(tasks)));
const idsOf = ({ ordered }: FileLinks): string[] => ordered.map(({ id }) => id);

describe('linkByFiles', () => {
  it('has a task wait for the writers of what it reads, whatever the parents say, wherever they stand', () => {
    const links = link([
      { id: 'c', in: ['b.out', 'a.out', 'given'], parents: [] },
      { id: 'b', in: ['a.out'], out: ['b.out'], parents: ['c'] },
      { id: 'a', out: ['a.out'] },
    ]);
    expect(links.links.get('c')).to.deep.equal([
      { file: 'b.out', writer: 'b' },
      { file: 'a.out', writer: 'a' },
    ]);
    expect(links.initialFiles).to.deep.equal(['given']);
    expect(idsOf(links)).to.deep.equal(['a', 'b', 'c']);
  });

  it('takes a file that a task changes as an input that is there first', () => {
    const links = link([{ id: 'a', in: ['x'], out: ['x'] }]);
    expect(links.initialFiles).to.deep.equal(['x']);
    expect(links.links.get('a')).to.deep.equal([]);
  });

  it('goes by the recorded order where a file has several writers', () => {
    const links = link([
      { id: 'third', in: ['x'], out: ['x'], parents: ['second'] },
      { id: 'second', in: ['x'], out: ['x'], parents: ['first'] },
      { id: 'first', out: ['x'] },
      { id: 'reader', in: ['x'], parents: ['third'] },
    ]);
    expect(idsOf(links)).to.deep.equal(['first', 'second', 'third', 'reader']);
    expect(links.links.get('reader')?.map(({ writer }) => writer)).to.have.members(['first', 'second', 'third']);
    expect(links.initialFiles).to.deep.equal([]);
  });

  it('names the tasks of a cycle', () => {
    const cycle = [
      { id: 'free', out: ['f'] },
      { id: 'a', in: ['c.out', 'f'], out: ['a.out'] },
      { id: 'b', in: ['a.out'], out: ['b.out'] },
      { id: 'c', in: ['b.out'], out: ['c.out'] },
      { id: 'behind', in: ['c.out'] },
    ];
    expect(() => link(cycle)).to.throw("tasks wait for each other's files: a needs c needs b needs a");
  });

  it('orders a chain of 50,000 tasks that is written backwards', () => {
    const tasks = Array.from({ length: 50_000 }, (_, i) => ({ id: `t${i}`, in: [`f${i + 1}`], out: [`f${i}`], seconds: 1 }));
    const links = link(tasks);
    expect(idsOf(links)[0]).to.equal('t49999');
    expect(findCriticalPath(links).seconds).to.equal(50_000);
  });
});

describe('findCriticalPath', () => {
  it('follows the longest chain by runtime, not by number of tasks', () => {
    const { seconds, tasks } = findCriticalPath(
      link([
        { id: 'a', out: ['a'], seconds: 1 },
        { id: 'long', in: ['a'], out: ['l'], seconds: 10 },
        { id: 's1', in: ['a'], out: ['s1'], seconds: 2 },
        { id: 's2', in: ['s1'], out: ['s2'], seconds: 2 },
        { id: 'end', in: ['l', 's2'], seconds: 3 },
      ]),
    );
    expect({ seconds, tasks }).to.deep.equal({ seconds: 14, tasks: ['a', 'long', 'end'] });
  });

  it('is nothing where there is no task', () => {
    expect(findCriticalPath(link([]))).to.deep.equal({ seconds: 0, tasks: [] });
  });
});

describe('boundOf', () => {
  it('is the larger of the longest chain and the evenly shared work', () => {
    expect(boundOf(5, 12, 2)).to.deep.equal({ seconds: 6, reason: 'work / workers' });
    expect(boundOf(5, 12, 4)).to.deep.equal({ seconds: 5, reason: 'critical path' });
  });
});
