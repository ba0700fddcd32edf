"""What every peer's script does alike: bursts and lone calls of a task that does nothing, timed, and the CPU of all its processes."""

import json
import os
import sys
import time

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
# In the environment of everything that is started from here, whoever its parent comes to be.
TAG = ("FLOTILLA_PEERS_BENCH=" + os.environ["FLOTILLA_PEERS_BENCH"]).encode()


def cpu_seconds():
    """User and system time of this process and of all that carry the tag, with that of children they have waited for."""
    total = 0
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/environ", "rb") as environ:
                if TAG not in environ.read().split(b"\0"):
                    continue
            with open(f"/proc/{pid}/stat") as stat:
                fields = stat.read().rsplit(")", 1)[1].split()
        except OSError:
            continue  # It has ended meanwhile, or is another user's.
        total += sum(int(field) for field in fields[11:15])
    return total / TICKS_PER_SECOND


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def report(version, burst, lone_call=None):
    """`burst(n)` returns when n tasks have ended; `lone_call()` when one has. Counts: from the command line."""
    tasks, calls = int(sys.argv[1]), int(sys.argv[2])
    burst(max(1, tasks // 4))
    cpu, begin = cpu_seconds(), time.perf_counter()
    burst(tasks)
    seconds = time.perf_counter() - begin
    figures = {
        "version": version,
        "tasks": tasks,
        "tasksPerSecond": tasks / seconds,
        "cpuMicrosecondsPerTask": (cpu_seconds() - cpu) / tasks * 1e6,
    }
    if lone_call is not None:
        times = [timed(lone_call) for _ in range(calls)]
        figures["roundTripMilliseconds"] = percentile(times, 0.5)
        figures["roundTripP99Milliseconds"] = percentile(times, 0.99)
    print(json.dumps(figures), flush=True)


def timed(call):
    begin = time.perf_counter()
    call()
    return (time.perf_counter() - begin) * 1000
