"""
Entry of a Python worker: `python3 flotilla_worker.py`, with its supervisor on fd 3.

Owns the module search path: apps find modules in their working directory and in the interpreter's own places, never ours.
Needs CPython >= 3.9 and its standard library. Imported again, and doing nothing, by the children of multiprocessing's "spawn".
"""
import os
import sys


def _import_runtime():
    here = os.path.dirname(os.path.realpath(__file__))
    sys.path.insert(0, here)
    from flotilla_runtime import worker

    # As for `python -c`: the first place to look for modules is the directory that the task runs in.
    sys.path[:] = [''] + [entry for entry in sys.path if entry not in ('', here, os.path.dirname(__file__))]
    return worker


if __name__ == '__main__':
    _import_runtime().main()
