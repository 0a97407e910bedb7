"""Make the bucket of the shared store, if it is not there."""

from __future__ import annotations

import time
from typing import Any

from django.conf import settings
from django.core.files.storage import storages
from django.core.management.base import BaseCommand, CommandError

_PATIENCE = 60.0


class Command(BaseCommand):
    """`manage.py prepare_store`; needs STORAGE_URL."""

    help = "Make the bucket of STORAGE_URL, waiting up to a minute for the store."

    def handle(self, *args: Any, **options: Any) -> None:
        """Make it, or say that it is there."""
        from botocore.exceptions import (  # noqa: PLC0415 - one machine needs no client
            BotoCoreError,
            ClientError,
        )

        if "shared" not in settings.STORAGES:
            raise CommandError("STORAGE_URL is not set: there is no store to prepare.")
        store: Any = storages["shared"]
        bucket = store.bucket
        deadline = time.monotonic() + _PATIENCE
        while True:
            try:
                bucket.create()
            except BotoCoreError as error:
                if time.monotonic() > deadline:
                    raise CommandError(f"The store does not answer: {error}") from None
                time.sleep(1)
            except ClientError as error:
                if "BucketAlready" not in str(error):
                    raise CommandError(f"The store refuses: {error}") from None
                self.stdout.write(f"The bucket {bucket.name} is there.")
                return
            else:
                self.stdout.write(f"The bucket {bucket.name} has been made.")
                return
