"""Parsl's HighThroughputExecutor with two workers on this machine. Arguments: tasks, lone calls, `defaults` or `tuned`."""

import logging
import os
import sys

import parsl
from parsl import python_app
from parsl.config import Config
from parsl.executors import HighThroughputExecutor
from parsl.providers import LocalProvider

from measure import report


def config(is_tuned):
    tuning = {"prefetch_capacity": 1000, "encrypted": False} if is_tuned else {}
    executor = HighThroughputExecutor(
        label="htex",
        address="127.0.0.1",
        max_workers_per_node=2,
        cores_per_worker=0.5,
        provider=LocalProvider(init_blocks=1, min_blocks=1, max_blocks=1),
        **tuning,
    )
    # Without `initialize_logging` it writes no log of the driver; the strategy's thread wakes for nothing here.
    more = {"initialize_logging": False, "strategy": "none"} if is_tuned else {}
    return Config(executors=[executor], run_dir=os.path.join(os.getcwd(), "runinfo"), **more)


@python_app
def nothing():
    return None


def burst(count):
    for future in [nothing() for _ in range(count)]:
        future.result()


def main():
    is_tuned = sys.argv[3] == "tuned"
    if is_tuned:
        logging.getLogger("parsl").setLevel(logging.ERROR)
    with parsl.load(config(is_tuned)):
        report(f"Parsl {parsl.__version__}", burst, lambda: nothing().result())


if __name__ == "__main__":
    main()
