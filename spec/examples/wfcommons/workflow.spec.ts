import { expect } from 'chai';
import { parseWorkflow } from '../../../examples/wfcommons/workflow.ts';
import { wfFormat } from './generated.ts';

type Json = Record<string, unknown>;

/** The text of a good workflow with something in it changed. */
function changed(
  change: (root: Json & { workflow: { specification: Json & { tasks: Json[]; files: Json[] }; execution: Json } }) => void,
): string {
  const root = JSON.parse(
    wfFormat([
      { id: 'a', in: ['x'], out: ['y'], seconds: 2 },
      { id: 'b', in: ['y'], parents: ['a'] },
    ]),
  );
  change(root);
  return JSON.stringify(root);
}

describe('parseWorkflow', () => {
  it('reads tasks, sizes and runtimes; a task that was not measured took no time', () => {
    const { name, tasks, sizes } = parseWorkflow(changed(() => undefined));
    expect(name).to.equal('generated');
    expect(tasks).to.deep.equal([
      { id: 'a', inputs: ['x'], outputs: ['y'], parents: [], runtimeSeconds: 2 },
      { id: 'b', inputs: ['y'], outputs: [], parents: ['a'], runtimeSeconds: 0 },
    ]);
    expect([...sizes]).to.deep.equal([
      ['x', 10],
      ['y', 10],
    ]);
  });

  it('takes lists that are not there, or null, as empty, and a file that a task names twice once', () => {
    const text = changed(({ workflow: { specification, execution } }) => {
      specification.tasks = [{ id: 'a', inputFiles: ['x', 'x'], outputFiles: null }];
      execution.tasks = null;
    });
    expect(parseWorkflow(text).tasks).to.deep.equal([{ id: 'a', inputs: ['x'], outputs: [], parents: [], runtimeSeconds: 0 }]);
    expect(parseWorkflow(changed((root) => void Reflect.deleteProperty(root.workflow, 'execution'))).tasks).to.have.length(2);
    expect(parseWorkflow('{"schemaVersion":"1.5","workflow":{"specification":{"tasks":[]}}}')).to.deep.equal({
      name: 'unnamed',
      tasks: [],
      sizes: new Map(),
    });
  });

  const refused: readonly [string, string, RegExp][] = [
    ['text that is not JSON', '{"a": ', /^the file is not JSON: /],
    ['JSON that is no object', '[1]', /^the file must be an object; it is \[1\]$/],
    ['a file without schemaVersion', '{}', /^the file has no 'schemaVersion'$/],
    ['another version', changed((root) => (root['schemaVersion'] = '1.4')), /^schemaVersion is "1\.4", and only WfFormat "1\.5"/],
    ['a version that is a number', changed((root) => (root['schemaVersion'] = 1.5)), /^schemaVersion is 1\.5, and only WfFormat "1\.5"/],
    [
      'no specification',
      changed((root) => void Reflect.deleteProperty(root.workflow, 'specification')),
      /^workflow has no 'specification'$/,
    ],
    [
      'tasks that are no list',
      changed((root) => Object.assign(root.workflow.specification, { tasks: {} })),
      /^workflow\.specification\.tasks must be a list; it is \{\}$/,
    ],
    [
      'a task without id',
      changed((root) => void Reflect.deleteProperty(root.workflow.specification.tasks[1] as Json, 'id')),
      /^workflow\.specification\.tasks\[1\] has no 'id'$/,
    ],
    ['two tasks of one id', wfFormat([{ id: 'a' }, { id: 'a' }]), /^two tasks have the id 'a'$/],
    [
      'a file name that is a number',
      changed((root) => Object.assign(root.workflow.specification.tasks[0] as Json, { inputFiles: ['x', 7] })),
      /^workflow\.specification\.tasks\[0\]\.inputFiles\[1\] must be a text; it is 7$/,
    ],
    [
      'a file without entry',
      changed((root) => void root.workflow.specification.files.pop()),
      /^task 'a' names the file 'y', which has no entry in workflow\.specification\.files$/,
    ],
    [
      'no files at all',
      changed((root) => void Reflect.deleteProperty(root.workflow.specification, 'files')),
      /^task 'a' names the file 'x'/,
    ],
    [
      'a size below 0',
      wfFormat([{ id: 'a', in: ['x'] }], { x: -1 }),
      /^workflow\.specification\.files\[0\]\.sizeInBytes must be a number of at least 0; it is -1$/,
    ],
    [
      'a size that is a fraction',
      wfFormat([{ id: 'a', in: ['x'] }], { x: 1.5 }),
      /sizeInBytes must be a whole number of bytes; it is 1\.5$/,
    ],
    [
      'a file of two sizes',
      changed((root) => void root.workflow.specification.files.push({ id: 'x', sizeInBytes: 11 })),
      /files\[2\]: file 'x' has 11 bytes here and 10 bytes in an earlier entry$/,
    ],
    [
      'a runtime that is text',
      changed((root) => (root.workflow.execution['tasks'] = [{ id: 'a', runtimeInSeconds: '2' }])),
      /^workflow\.execution\.tasks\[0\]\.runtimeInSeconds must be a number of at least 0; it is "2"$/,
    ],
  ];
  for (const [what, text, message] of refused) {
    it(`refuses ${what}`, () => {
      expect(() => parseWorkflow(text))
        .to.throw(message)
        .with.property('name', 'WorkflowFileError');
    });
  }
});
