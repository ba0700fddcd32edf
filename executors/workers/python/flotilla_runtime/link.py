"""
The stream to the supervisor, the journal and the limit. Owns frames and bytes; what records hold is worker.py's.
Layouts: docs/decisions/002-wire-protocol.md.
"""
import os
from struct import Struct

HELLO, DEFINE, TASKS, RESULTS, SHUTDOWN = 1, 2, 3, 4, 7

_FRAME = Struct('<IB')
_RESULTS_FRAME = Struct('<IBI')
# Larger reads would be mapped and unmapped by malloc each time.
_READ_BYTES = 64 * 1024
_JOIN_BYTES = 64 * 1024
_END_OF_JOURNAL = b'\0\0\0\0'
_U32 = Struct('<I')
_LIMIT = Struct('<II')
_LOOK_AFTER_S = 0.001


class Link:
    def __init__(self, fd):
        self._fd = fd
        self._buffer = b''
        os.set_inheritable(fd, False)
        os.set_blocking(fd, True)

    def frames(self):
        """Yields (type, body) up to the end of the stream. A body is valid until the next one is asked for."""
        at = 0
        while True:
            while len(self._buffer) - at < 4:
                at = self._more(at)
                if at < 0:
                    return
            length = _U32.unpack_from(self._buffer, at)[0]
            if len(self._buffer) - at < 4 + length:
                frame = self._rest_of_frame(at, length)
                if frame is None:
                    return
                at = 0
            else:
                frame = memoryview(self._buffer)[at + 4:at + 4 + length]
                at += 4 + length
            yield frame[0], frame[1:]
            # A large frame is not kept while waiting for the next.
            frame = None

    def _more(self, at):
        """Reads on. :returns: where the unread bytes begin, -1 at the end of the stream."""
        chunk = self._read(_READ_BYTES)
        if not chunk:
            return -1
        self._buffer = self._buffer[at:] + chunk
        return 0

    def _rest_of_frame(self, at, length):
        """A frame that has not arrived whole, read into memory of its own size."""
        frame = bytearray(length)
        view = memoryview(frame)
        filled = len(self._buffer) - at - 4
        view[:filled] = memoryview(self._buffer)[at + 4:]
        self._buffer = b''
        while filled < length:
            count = self._read_into(view[filled:])
            if count == 0:
                return None
            filled += count
        return view

    def _read(self, size):
        try:
            return os.read(self._fd, size)
        except ConnectionError:
            return b''

    def _read_into(self, view):
        try:
            return os.readv(self._fd, [view])
        except ConnectionError:
            return 0

    def send(self, kind, body):
        self._write([_FRAME.pack(1 + len(body), kind), body])

    def send_results(self, batch, parts, size):
        """:param parts: bytes-like, `size` bytes in all."""
        self._write([_RESULTS_FRAME.pack(5 + size, RESULTS, batch)] + parts)

    def _write(self, parts):
        """:raises OSError: when the supervisor is gone."""
        for chunk in _chunks(parts):
            view = memoryview(chunk)
            while view:
                view = view[os.write(self._fd, view):]

    def close(self):
        os.close(self._fd)


def _chunks(parts):
    """Small parts joined, large ones as they are."""
    small = []
    for part in parts:
        if len(part) < _JOIN_BYTES:
            small.append(part)
            continue
        if small:
            yield b''.join(small)
            small = []
        yield part
    if small:
        yield b''.join(small)


class Journal:
    """
    What is finished of the batch at hand, kept where the worker's death cannot take it. The layout is journal.ts's: behind each
    record stands the batch, and each write ends with a length of 0.
    Where nothing can be written any more (its file system is full) it keeps nothing for the rest of the batch: there must be no gap.
    """

    def __init__(self, path):
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        self._at = 4
        self._mark = b''
        self._works = True

    def begin(self, batch):
        self._at = 4
        self._mark = _U32.pack(batch)
        self._works = self._write(self._mark + _END_OF_JOURNAL, 0)

    def append(self, record):
        """:returns: whether it is kept; if not, the worker must not go on with the batch: nobody could tell how far it is."""
        self._works = self._works and self._write(record + self._mark + _END_OF_JOURNAL, self._at)
        self._at += len(record) + len(self._mark)
        return self._works

    def _write(self, data, at):
        try:
            return os.pwrite(self._fd, data, at) == len(data)
        except OSError:
            return False

    def close(self):
        os.close(self._fd)


class Limit:
    """
    Where the batch at hand ends before its end, because others do the rest. The same as
    batch-limit.ts, and why that is sound is in docs/decisions/003. Times are perf_counter's.
    """

    def __init__(self, path):
        self._fd = os.open(path, os.O_RDONLY)
        self._batch = 0
        self._limit = None
        self._last = self._last_but_one = 0.0

    def begin(self, batch, before):
        """:param before: when it was before the journal said that the batch had begun."""
        self._batch = batch
        self._limit = None
        self._last = self._last_but_one = before
        self._look()

    def ends_after(self, done, after):
        """:param after: when it was after the journal had the record of the last of the `done` tasks."""
        if after - self._last_but_one >= _LOOK_AFTER_S:
            self._look()
        self._last_but_one = self._last
        self._last = after
        return self._limit is not None and done >= self._limit

    def _look(self):
        batch, limit = _LIMIT.unpack(os.pread(self._fd, _LIMIT.size, 0))
        if batch == self._batch:
            self._limit = limit

    def close(self):
        os.close(self._fd)
