"""Factories of pools, as settings name them."""

from __future__ import annotations

import multiprocessing
import threading
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from typing import Any

APART = False
"""Whether the workers of Dask clusters are processes."""
clusters: list[Any] = []


class Away(Executor):
    """A pool whose cluster does not answer."""

    def submit(self, *args: Any, **kwargs: Any) -> Future[Any]:
        """Refuse."""
        raise OSError("timed out during handshake")


class Silent(Executor):
    """A pool that takes everything and does nothing; ``futures`` are what it has given out."""

    futures: list[Future[Any]] = []
    ended_in: list[str] = []
    """The names of the threads in which pools of this kind were shut down."""

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take note."""
        self.ended_in.append(threading.current_thread().name)

    def submit(self, *args: Any, **kwargs: Any) -> Future[Any]:
        """Return a future that nobody sees to."""
        self.futures.append(Future())
        return self.futures[-1]


def threads() -> Executor:
    """Return a pool of threads."""
    return ThreadPoolExecutor(2)


def processes() -> Executor:
    """Return a pool of fresh processes."""
    return ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))


def dask() -> Executor:
    """Return an executor on a new Dask cluster: one worker, in threads of this process or in a process of its own."""
    from distributed import Client, LocalCluster

    how = {"processes": True, "host": "127.0.0.1"} if APART else {"processes": False}
    clusters.append(LocalCluster(n_workers=1, threads_per_worker=2, dashboard_address=":0", **how))
    executor: Executor = Client(clusters[-1]).get_executor()
    return executor


def not_a_pool() -> object:
    """Return something else."""
    return object()
