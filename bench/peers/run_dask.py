"""dask.distributed with two worker processes of one thread each, all else as shipped. Arguments: tasks, lone calls."""

from measure import report


def nothing(_number):
    return None


def main():
    import dask
    import distributed

    cluster = distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None)
    with cluster, distributed.Client(cluster) as client:
        # Each task is another key: equal calls would be computed once.
        numbers = iter(range(1 << 30))

        def burst(count):
            client.gather(client.map(nothing, [next(numbers) for _ in range(count)], pure=False))

        def lone_call():
            client.submit(nothing, next(numbers), pure=False).result()

        report(f"dask.distributed {dask.__version__}", burst, lone_call)


if __name__ == "__main__":
    main()
