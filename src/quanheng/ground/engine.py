"""The engine maps a pure function over tasks: in process, over local processes, or on a Dask cluster.

Every result is bytes and becomes a file, so memory does not grow with the number of tasks, an interrupted map
continues where it stopped, and what comes out does not depend on who did the work or in which order.
"""

from __future__ import annotations

import importlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.connection import wait as wait_for
from pathlib import Path
from typing import Any, TypeVar

from threadpoolctl import threadpool_limits

from quanheng.ground.errors import Fault, NotShown
from quanheng.ground.files import write_durably

Task = TypeVar("Task")
Work = Callable[[Task], bytes]
Progress = Callable[[int, int], None]  # tasks done, tasks in all

ENGINES = ("local", "dask")
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
IN_FLIGHT = 2  # tasks handed out for each worker: one at work, one waiting


def cores() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def map_partitions(
    function: Work[Task],
    tasks: Sequence[Task],
    *,
    folder: Path,
    workers: int = 1,
    engine: str = "local",
    scheduler: str | None = None,
    progress: Progress = lambda done, total: None,
) -> list[Path]:
    """Write `function(task)` of every task to a file of `folder`; returns the files in order of the tasks.

    function: pure, and like the tasks it can be pickled. workers: processes, 1 = this one. engine: one of
    ENGINES. scheduler: address of a running Dask cluster; None = one is started for the occasion. None of
    them has an influence on the results. A file that is there already is not computed again: the caller
    answers for what `folder` belongs to. Each file is written durably. At most IN_FLIGHT results per worker
    are held. Raises what the function raises; NotShown if a worker dies; Fault if Dask is not installed.
    Whatever is raised, the finished files stay.
    """
    if workers < 1:
        raise Fault(f"--workers {workers}：至少为 1 / --workers {workers}: must be at least 1")
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{k:06d}.part" for k in range(len(tasks))]
    missing = [k for k, path in enumerate(paths) if not path.exists()]
    done = len(tasks) - len(missing)
    progress(done, len(tasks))
    for k, result in _results(function, tasks, missing, workers, engine, scheduler):
        write_durably(paths[k], result)
        done += 1
        progress(done, len(tasks))
    return paths


def _results(
    function: Work[Task],
    tasks: Sequence[Task],
    missing: Sequence[int],
    workers: int,
    engine: str,
    scheduler: str | None,
) -> Iterator[tuple[int, bytes]]:
    if not missing:
        return iter(())
    if engine == "dask":
        return _on_dask(function, tasks, missing, workers, scheduler)
    if workers == 1:
        return ((k, call(function, tasks[k])) for k in missing)
    return _in_processes(function, tasks, missing, workers)


def call(function: Work[Task], task: Task) -> bytes:
    """One task with one BLAS thread: two are slower for small matrices, and their number moves last bits."""
    with threadpool_limits(limits=1):
        return function(task)


# ── local processes ────────────────────────────────────────────────────────────


def _in_processes(
    function: Work[Task], tasks: Sequence[Task], missing: Sequence[int], workers: int
) -> Iterator[tuple[int, bytes]]:
    context = multiprocessing.get_context("spawn")  # a forked BLAS may wait for threads that no longer are
    others = set(multiprocessing.active_children())
    with _one_thread_in_children():
        pool = ProcessPoolExecutor(min(workers, len(missing)), context, initializer=_begin)
        try:
            todo = iter(missing)
            waiting: dict[Future[bytes], int] = {}
            while True:
                for k in _few(todo, IN_FLIGHT * workers - len(waiting)):
                    waiting[pool.submit(function, tasks[k])] = k
                if not waiting:
                    break
                done = wait(waiting, return_when=FIRST_COMPLETED).done
                # what is finished is kept before a failure ends the run
                for future in sorted(done, key=lambda each: each.exception() is not None):
                    yield waiting.pop(future), future.result()
        except BrokenProcessPool as error:
            raise _died() from error
        except BaseException:
            # what is under way may take minutes, and nobody waits for it
            for child in set(multiprocessing.active_children()) - others:
                child.terminate()
            raise
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _begin() -> None:
    """A worker leaves Ctrl-C to its parent, computes in one thread, and ends when the parent has ended."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threadpool_limits(limits=1)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait_for([parent.sentinel])
        os._exit(1)


def _few(todo: Iterator[int], count: int) -> Iterator[int]:
    for _ in range(count):
        try:
            yield next(todo)
        except StopIteration:
            return


@contextmanager
def _one_thread_in_children() -> Iterator[None]:
    """Children read these when they load BLAS; in this process it is loaded long since."""
    before = {name: os.environ.get(name) for name in THREADS}
    os.environ.update(dict.fromkeys(THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _died() -> NotShown:
    return NotShown(
        "一个工作进程意外终止（多半是内存不足）；已完成的部分保留着，重新运行同一命令即可继续"
        " / a worker process died (most likely for want of memory); what is done is kept:"
        " run the same command again to continue, with fewer --workers if need be"
    )


# ── Dask ────────────────────────────────────────────────────────────


def _on_dask(
    function: Work[Task],
    tasks: Sequence[Task],
    missing: Sequence[int],
    workers: int,
    scheduler: str | None,
) -> Iterator[tuple[int, bytes]]:
    distributed = _distributed()
    with _client(distributed, workers, scheduler) as client:
        there = max(1, len(client.scheduler_info(n_workers=-1)["workers"]))
        todo = iter(missing)
        waiting: dict[Any, int] = {}
        queue = distributed.as_completed([])
        try:
            while True:
                for k in _few(todo, IN_FLIGHT * there - len(waiting)):
                    future = client.submit(call, function, tasks[k], pure=False)
                    waiting[future] = k
                    queue.add(future)
                if not waiting:
                    return
                future = next(queue)
                yield waiting.pop(future), future.result()
        except distributed.KilledWorker as error:
            raise _died() from error


@contextmanager
def _client(distributed: Any, workers: int, scheduler: str | None) -> Iterator[Any]:
    if scheduler is None:
        with (
            distributed.LocalCluster(
                n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=None
            ) as cluster,
            distributed.Client(cluster) as client,
        ):
            yield client
        return
    try:
        client = distributed.Client(scheduler, timeout="10s")
    except (OSError, ValueError) as error:
        raise Fault(
            f"--scheduler {scheduler}：连不上 Dask 调度器"
            f" / --scheduler {scheduler}: no Dask scheduler answers there"
        ) from error
    with client:
        yield client


def _distributed() -> Any:
    try:
        return importlib.import_module("distributed")
    except ImportError as error:
        raise Fault(
            "--engine dask 需要 Dask：pip install 'quanheng[dask]'"
            " / --engine dask needs Dask: pip install 'quanheng[dask]'"
        ) from error
