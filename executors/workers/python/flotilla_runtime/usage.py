"""
What a task took, for tasks of more than 50 ms (lib/wire/records.ts): CPU time, and the most memory that was resident.

Processes that the task has started and waited for count. A measurement begins with a batch, not with each task.
"""
import os
from struct import Struct

try:
    from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
except ImportError:
    getrusage = None

THRESHOLD_US = 50000
_USAGE = Struct('<II')
_MAX_U32 = 0xffffffff


class Meter:
    def __init__(self):
        self._before = (0.0, 0)
        try:
            # Linux forgets a process's peak when 5 is written here, see proc_pid_clear_refs(5).
            self._reset = os.open('/proc/self/clear_refs', os.O_WRONLY | os.O_CLOEXEC)
        except OSError:
            self._reset = -1

    def begin(self):
        if getrusage is None:
            return
        self._before = self._now()[:2]
        if self._reset < 0:
            return
        try:
            os.write(self._reset, b'5')
        except OSError:
            self._reset = -1

    def end(self):
        """:returns: the bytes that precede the body of the result."""
        if getrusage is None:
            return _USAGE.pack(0, 0)
        (cpu_before, children_before), (cpu, children, own) = self._before, self._now()
        self._before = (cpu, children)
        # The peak of children is the largest there ever was: it is of this task only if it has grown.
        peak = _peak(own)
        if children > children_before:
            peak = max(peak, children)
        return _USAGE.pack(min(int((cpu - cpu_before) * 1000), _MAX_U32), min(peak, _MAX_U32))

    def _now(self):
        """:returns: (CPU seconds, peak KiB of children, usage of this process)"""
        own, children = getrusage(RUSAGE_SELF), getrusage(RUSAGE_CHILDREN)
        return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime, children.ru_maxrss, own


def _peak(own):
    """KiB. That of getrusage cannot be forgotten, and has in it what the process was before it became an interpreter."""
    try:
        with open('/proc/self/status', 'rb') as status:
            for line in status:
                if line.startswith(b'VmHWM:'):
                    return int(line.split()[1])
    except OSError:
        pass
    return own.ru_maxrss
