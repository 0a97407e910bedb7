"""The Celery application. Messages are bells: losing one costs a delay, a second one does nothing.

The rows decide what is computed (`tasks.states`), so there is no result backend and no chord.
"""

from __future__ import annotations

import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "xai.settings")

INSPECT, WORK = "inspect", "work"
"""Queues, asked in this (alphabetical) order: a person waits for an inspection or a report."""

app = Celery("tasks", include=["tasks.explain", "tasks.inspect", "tasks.presence", "tasks.reports"])
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.update(
    result_backend=None,
    task_ignore_result=True,
    task_acks_late=True,
    # A worker that died is the reaper's business; redelivery would kill one worker after another.
    task_reject_on_worker_lost=False,
    task_serializer="json",
    accept_content=["json"],
    task_default_queue=WORK,
    task_routes={
        "tasks.inspect.inspect": {"queue": INSPECT},
        "tasks.reports.make": {"queue": INSPECT},
    },
    # A web request that rings must not wait for an absent broker: the reaper will ring again.
    task_publish_retry=False,
    worker_prefetch_multiplier=1,
    worker_enable_remote_control=False,
    worker_send_task_events=False,
    worker_redirect_stdouts=False,
    worker_cancel_long_running_tasks_on_connection_loss=False,
    broker_connection_timeout=2,
    broker_connection_max_retries=None,
    broker_connection_retry_on_startup=True,
    broker_transport_options={
        **(app.conf.broker_transport_options or {}),
        "queue_order_strategy": "sorted",
        "socket_connect_timeout": 2,
    },
)


@setup_logging.connect
def _keep_ours(**_facts: Any) -> None:
    """Have Celery leave the log as the settings made it: its level, its format."""
