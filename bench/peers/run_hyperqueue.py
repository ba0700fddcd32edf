"""HyperQueue with a worker of two cores, as its Python package starts one; tasks are the program `true`. Arguments: tasks, lone calls."""

import importlib.metadata
import os
import time

from hyperqueue import Job, LocalCluster
from hyperqueue.cluster import WorkerConfig

from measure import report


def main():
    with LocalCluster() as cluster:
        cluster.start_worker(WorkerConfig(cores=2))
        client = cluster.client()

        # The client's own wait looks once a second; a last task that leaves a file is seen at once.
        def burst(count):
            mark = os.path.join(os.getcwd(), f"done-{time.monotonic_ns()}")
            job = Job()
            before = [job.program(["true"], stdout=None, stderr=None) for _ in range(count - 1)]
            job.program(["touch", mark], stdout=None, stderr=None, deps=before)
            client.submit(job)
            while not os.path.exists(mark):
                time.sleep(0.0005)

        report(f"HyperQueue {importlib.metadata.version('hyperqueue')}", burst, lambda: burst(1))


if __name__ == "__main__":
    main()
