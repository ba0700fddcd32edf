"""
The standard output and error of a task: files in place of fd 1 and 2, so that what it starts writes there too.
Knows nothing of tasks. The streams of this process stay the same objects.
"""
import os
import sys

_MODES = {'w': os.O_TRUNC, 'a': os.O_APPEND}


class Output:
    def __init__(self):
        self._streams = (sys.stdout, sys.stderr)
        self._saved = {}
        self._flush_native = None
        if sys.stdout is not None:
            # A task that is killed leaves the lines that it has printed.
            sys.stdout.reconfigure(line_buffering=True)

    def redirect(self, stdout, stderr):
        """
        :param stdout: (path, 'w' | 'a') or None; `stderr` likewise. Folders are made.
        :raises OSError:
        """
        self.flush()
        if self._flush_native is None:
            self._flush_native = _native_flush()
        self._flush_native()
        if stdout:
            self._point(1, _open(stdout))
        if stderr:
            same = stdout and stdout[0] == stderr[0]
            self._point(2, os.dup(1) if same else _open(stderr))

    def _point(self, fd, target):
        if fd not in self._saved:
            self._saved[fd] = _duplicate(fd)
        os.dup2(target, fd, inheritable=True)
        os.close(target)

    def restore(self):
        """After every task. Puts back streams that the app has replaced."""
        self.flush()
        if self._saved:
            self._flush_native()
            for fd, saved in self._saved.items():
                _put_back(fd, saved)
            self._saved = {}

    def flush(self):
        if sys.stdout is not self._streams[0] or sys.stderr is not self._streams[1]:
            _flush(sys.stdout)
            _flush(sys.stderr)
            sys.stdout, sys.stderr = self._streams
        _flush(sys.stdout)
        _flush(sys.stderr)


def _flush(stream):
    try:
        stream.flush()
    except Exception:
        # None, closed by the app, or a full disk: nothing that the next task should hear of.
        pass


def _open(target):
    path, mode = target
    os.makedirs(os.path.dirname(path), exist_ok=True)
    return os.open(path, os.O_WRONLY | os.O_CREAT | _MODES[mode], 0o666)


def _duplicate(fd):
    try:
        return os.dup(fd)
    except OSError:
        # It was closed when the worker started; it is closed again after the task.
        return None


def _put_back(fd, saved):
    if saved is None:
        os.close(fd)
    else:
        os.dup2(saved, fd, inheritable=True)
        os.close(saved)


def _native_flush():
    """C's own buffers: what a native library has printed belongs to the task as well."""
    try:
        from ctypes import CDLL
        fflush = CDLL(None).fflush
        return lambda: fflush(None)
    except Exception:
        # An interpreter without ctypes: native output may then come late.
        return lambda: None
