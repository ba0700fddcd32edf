"""
Reads what spec/fuzz/python-readers.ts has mutated: on stdin u32 length, one letter for the reader, bytes, and so on. Says on stdout for
each: '1' taken, '0' refused, or what happened that must not, and ends.
"""
import os
import resource
import sys
from struct import unpack

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), '../../executors/workers/python'))
from flotilla_runtime import msgpack, worker  # noqa: E402
from flotilla_runtime.problems import Undecodable  # noqa: E402

# A length that cannot be must not become memory.
resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))

READERS = {b'm': (msgpack.unpackb, (ValueError,)), b'v': (lambda data: worker._arguments(data, {}), (Undecodable,))}


def main():
    while True:
        header = sys.stdin.buffer.read(5)
        if len(header) < 5:
            return
        length, reader = unpack('<I1s', header)
        data = sys.stdin.buffer.read(length)
        read, refusals = READERS[reader]
        try:
            read(data)
            said = '1'
        except refusals:
            said = '0'
        except BaseException as error:
            said = '%s: %s' % (type(error).__name__, error)
        print(said.replace('\n', ' ')[:500], flush=True)


main()
