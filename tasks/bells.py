"""Bells: messages that say "a shard may be ready". The rows are the outbox; a lost bell is late."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable
from functools import partial
from typing import Any

from django.db import transaction
from kombu.exceptions import ChannelError

from tasks.celery import INSPECT, WORK, app

BELLS_MOST = 32
"""One bell wakes one worker, which then takes shard after shard: more bells wake nobody else."""

log = logging.getLogger(__name__)


def ring(shard_ids: Iterable[int]) -> None:
    """Wake workers for queued shards, once the transaction is committed."""
    _after_commit("tasks.explain.work", WORK, list(shard_ids)[:BELLS_MOST])


def ring_inspection(upload_id: uuid.UUID) -> None:
    """Wake a worker for an upload that waits, once the transaction is committed."""
    _after_commit("tasks.inspect.inspect", INSPECT, [str(upload_id)])


def ring_report(report_id: uuid.UUID) -> None:
    """Wake a worker for a report that waits, once the transaction is committed."""
    _after_commit("tasks.reports.make", INSPECT, [str(report_id)])


def waiting(queue: str = WORK) -> int:
    """Return how many bells nobody has answered yet; 0 if the broker cannot say."""
    try:
        with app.connection_for_write() as connection:
            # Typed as the bare interface; every transport's channel has it.
            channel: Any = connection.default_channel
            return int(channel.queue_declare(queue, passive=True).message_count)
    except Exception:
        return 0


def depths() -> dict[str, int] | None:
    """Return how many bells wait in each queue, or None if the broker does not answer."""
    try:
        with app.connection_for_write() as connection:
            connection.ensure_connection(max_retries=1, timeout=2)
            channel: Any = connection.default_channel
            return {queue: _depth(channel, queue) for queue in (INSPECT, WORK)}
    except Exception as error:
        log.warning("The broker does not answer (%s).", error)
        return None


def _depth(channel: Any, queue: str) -> int:
    try:
        return int(channel.queue_declare(queue, passive=True).message_count)
    except ChannelError:  # an empty queue is none, to Redis
        return 0


def _after_commit(task: str, queue: str, arguments: list[int] | list[str]) -> None:
    transaction.on_commit(partial(_send, task, queue, arguments), robust=True)


def _send(task: str, queue: str, arguments: list[int] | list[str]) -> None:
    try:
        with app.producer_pool.acquire(block=True, timeout=5) as producer:
            for argument in arguments:
                app.send_task(task, args=[argument], queue=queue, producer=producer)
    except Exception as error:
        log.warning("The broker does not answer (%s); housekeeping will ring again.", error)
