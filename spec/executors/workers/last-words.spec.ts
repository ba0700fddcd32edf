import { expect } from 'chai';
import { lastWords } from '../../../executors/workers/last-words.ts';

describe('the last words of a worker', () => {
  it('of Node without memory are that it had none, not the stack of its own code', () => {
    const text = `
<--- Last few GCs --->

[1:0x43e72000]      157 ms: Mark-Compact 20.3 (44.5) -> 19.0 (51.5) MB, pooled: 0 MB

FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory
----- Native stack trace -----

 1: 0x931db0  [node]
 2: 0x75968e node::OOMErrorHandler(char const*, v8::OOMDetails const&) [node]
13: 0x1add9b6  [node]
Aborted
`;
    expect(lastWords(text)).to.equal('FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory | Aborted');
  });

  it("of Python that crashed are the reason and the user's own frames, which come first", () => {
    const text = `progress 99 %
Fatal Python error: Segmentation fault

Current thread 0x00007f0825 (most recent call first):
  File "/home/ada/model.py", line 3 in inner
  File "/home/ada/model.py", line 9 in outer
  File "/opt/flotilla/python/flotilla_runtime/worker.py", line 77 in _run
  File "/opt/flotilla/python/flotilla_runtime/worker.py", line 50 in serve
  File "/opt/flotilla/python/flotilla_worker.py", line 8 in <module>
`;
    expect(lastWords(text)).to.equal(
      'Fatal Python error: Segmentation fault | Current thread 0x00007f0825 (most recent call first): | ' +
        'File "/home/ada/model.py", line 3 in inner | File "/home/ada/model.py", line 9 in outer',
    );
  });

  it('are six lines at most', () => {
    const text = `Fatal Python error: Aborted\n${Array.from({ length: 40 }, (_, i) => `  frame ${i}\n`).join('')}`;
    expect(lastWords(text)).to.match(/^Fatal Python error: Aborted \| frame 0 .* frame 4$/);
  });

  it('begin at an error near the end, and are the last three lines where none is', () => {
    expect(lastWords("one\nterminate called after throwing 'std::runtime_error'\n  what():  boom\n")).to.equal(
      "terminate called after throwing 'std::runtime_error' | what():  boom",
    );
    expect(lastWords(`error 1: tried again\n${'fine\n'.repeat(10)}a\nb\nc\n`)).to.equal('a | b | c');
    expect(lastWords(' \n')).to.equal('');
  });
});
