"""The state of the work in Prometheus' words, counted in the database at every question."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.db.models import Count, Min, Q, Sum
from django.utils.timezone import now
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    SummaryMetricFamily,
)
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from tasks import bells
from xai.runner.version import VERSION
from xai.web import files
from xai.web.models import Job, Run, Shard, Upload, Worker


def text() -> bytes:
    """Return the page that Prometheus reads."""
    registry = CollectorRegistry()
    registry.register(_Installation())
    return bytes(generate_latest(registry))


class _Installation(Collector):
    def collect(self) -> Iterable[Metric]:
        yield _of("parallax_build", "Constant 1; the version is its label.", version=VERSION)
        yield from _broker()
        for name, model in (("shards", Shard), ("jobs", Job), ("runs", Run), ("uploads", Upload)):
            yield _by_state(name, model)
        yield from _queue()
        yield from _workers()
        disk = shutil.disk_usage(files.folder("scratch"))
        yield _gauge("parallax_disk_free_bytes", "Free where the data folder lies.", disk.free)
        floor = settings.DISK_FLOOR
        yield _gauge("parallax_disk_floor_bytes", "Uploads leave this much free.", floor)


def _gauge(name: str, meaning: str, value: float) -> Metric:
    return GaugeMetricFamily(name, meaning, value=value)


def _of(name: str, meaning: str, **labels: str) -> Metric:
    found = GaugeMetricFamily(f"{name}_info", meaning, labels=list(labels))
    found.add_metric(list(labels.values()), 1)
    return found


def _broker() -> Iterable[Metric]:
    depths = bells.depths()
    yield _gauge("parallax_broker_up", "1 if the broker answers.", depths is not None)
    found = GaugeMetricFamily("parallax_broker_messages", "Waiting.", labels=["queue"])
    for queue, count in (depths or {}).items():
        found.add_metric([queue], count)
    yield found


def _by_state(name: str, model: Any) -> Metric:
    found = GaugeMetricFamily(f"parallax_{name}", f"Rows of {name}, by state.", labels=["state"])
    counts = dict(model.objects.order_by().values_list("state").annotate(Count("pk")))
    for state in model.State.values:
        found.add_metric([state], counts.get(state, 0))
    return found


def _queue() -> Iterable[Metric]:
    waiting = Shard.objects.filter(state=Shard.State.QUEUED).aggregate(
        count=Count("pk"), oldest=Min("job__run__created"), planned=Sum("planned")
    )
    meaning = "Shards that wait for a worker."
    yield _gauge("parallax_queue_length", meaning, waiting["count"])
    meaning = "Model evaluations that wait, estimated."
    yield _gauge("parallax_queue_evaluations", meaning, waiting["planned"] or 0)
    age = (now() - waiting["oldest"]).total_seconds() if waiting["oldest"] else 0.0
    yield _gauge("parallax_queue_oldest_seconds", "Age of the oldest run that waits.", age)
    late = Shard.objects.filter(Q(state=Shard.State.RUNNING, lease_until__lt=now())).count()
    yield _gauge("parallax_leases_expired", "Shards whose worker went silent.", late)


def _workers() -> Iterable[Metric]:
    alive = GaugeMetricFamily("parallax_workers", "Processes that beat.", labels=["kind"])
    rows = list(Worker.objects.alive())
    for kind in Worker.Kind.values:
        alive.add_metric([kind], sum(row.kind == kind for row in rows))
    yield alive
    who = ["worker", "host"]
    shards = SummaryMetricFamily("parallax_shard_seconds", "Spent on shards.", labels=who)
    done = CounterMetricFamily("parallax_evaluations", "Of models.", labels=who)
    rate = GaugeMetricFamily("parallax_evaluations_per_second", "Over 10 s.", labels=who)
    for row in rows:
        if row.kind == Worker.Kind.WORKER:
            labels = [row.name, row.host]
            shards.add_metric(labels, count_value=row.shards, sum_value=row.seconds)
            done.add_metric(labels, row.evaluations)
            rate.add_metric(labels, row.rate)
    yield from (shards, done, rate)
