"""How the site is: what /healthz answers and what /metrics tells Prometheus."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Count, Min
from django.utils import timezone
from prometheus_client import REGISTRY, CollectorRegistry, generate_latest, multiprocess
from prometheus_client.core import GaugeMetricFamily

from quanheng.city.audit.past import last_event
from quanheng.city.queue.models import State, Task
from quanheng.city.queue.worker import alive

SILENT = 120  # seconds without a sign of any worker
ROOM = 256 * 2**20  # bytes that should be free
_applied: list[bool] = []  # once the tables are as this version wants them, they stay so


def health() -> tuple[bool, dict[str, Any]]:
    """Whether the site can answer (database there, tables up to date), and all that may be wrong."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    if not _applied:
        executor = MigrationExecutor(connection)
        if not executor.migration_plan(executor.loader.graph.leaf_nodes()):
            _applied.append(True)
    seen = alive()
    free = shutil.disk_usage(settings.HOME).free
    said = {
        "database": "ok",
        "migrations": "ok" if _applied else "missing",
        "worker": "ok" if seen is not None and time.time() - seen < SILENT else "silent",
        "disk": "ok" if free > ROOM else "full",
    }
    able = bool(_applied) and free > ROOM // 16
    good = all(each == "ok" for each in said.values())
    return able, {"status": "ok" if good else "degraded" if able else "down", **said}


class StateOfWork:
    """Figures that are looked up when Prometheus asks."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Tasks, events, sizes."""
        tasks = GaugeMetricFamily("quanheng_tasks", "Tasks by state", labels=["state"])
        for row in Task.objects.order_by().values("state").annotate(n=Count("id")):
            tasks.add_metric([row["state"]], row["n"])
        yield tasks
        due = Task.objects.filter(state=State.WAITING, not_before__lte=timezone.now())
        oldest = due.aggregate(at=Min("not_before"))["at"]
        age = (timezone.now() - oldest).total_seconds() if oldest else 0.0
        yield GaugeMetricFamily("quanheng_oldest_task_seconds", "How long the oldest due task waits", age)
        seen = alive()
        silent = time.time() - seen if seen is not None else float("inf")
        yield GaugeMetricFamily("quanheng_worker_silent_seconds", "Since the last sign of a worker", silent)
        yield GaugeMetricFamily("quanheng_events", "Events of the audit", last_event())
        free = shutil.disk_usage(settings.HOME).free
        yield GaugeMetricFamily("quanheng_disk_free_bytes", "Room in QUANHENG_HOME", free)
        yield GaugeMetricFamily("quanheng_database_bytes", "Size of the database", _database_size())


def _database_size() -> int:
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
            return int(cursor.fetchone()[0])
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        return int(cursor.fetchone()[0])


def metrics() -> bytes:
    """In the text format of Prometheus: all processes of the site together, and the state of work."""
    registry = CollectorRegistry()
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        multiprocess.MultiProcessCollector(registry)
        requests = generate_latest(registry)
    else:
        requests = generate_latest(REGISTRY)
    now = CollectorRegistry()
    now.register(StateOfWork())
    return bytes(requests + generate_latest(now))
