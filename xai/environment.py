"""Typed readers of environment variables: a wrong value is a sentence at start, not a surprise."""

from __future__ import annotations

import hashlib
import os
import secrets
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

_SIZES = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
_LONGEST_SOCKET_PATH = 100
"""Linux allows 107 bytes, macOS 103."""


def text(name: str, default: str, choices: tuple[str, ...] = ()) -> str:
    """Return the variable, one of `choices` if there are any."""
    value = os.environ.get(name, "").strip() or default
    if choices and value not in choices:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(choices)}, not {value!r}.")
    return value


def number(name: str, default: int) -> int:
    """Return the variable as a whole number; sizes may end in K, M, G or T."""
    value = os.environ.get(name, "").strip().upper().removesuffix("B")
    if not value:
        return default
    unit = value[-1] if value[-1] in _SIZES else ""
    try:
        return int(value.removesuffix(unit)) * _SIZES[unit]
    except ValueError:
        raise ImproperlyConfigured(
            f"{name} must be a whole number such as 500M or 20G, not {os.environ[name]!r}."
        ) from None


def words(name: str) -> list[str]:
    """Return the variable's comma-separated words."""
    return [word.strip() for word in os.environ.get(name, "").split(",") if word.strip()]


def switch(name: str, *, default: bool) -> bool:
    """Return the variable as yes or no."""
    value = text(name, "yes" if default else "no").lower()
    if value not in {"yes", "no", "true", "false", "1", "0", "on", "off"}:
        raise ImproperlyConfigured(f"{name} must be yes or no, not {value!r}.")
    return value in {"yes", "true", "1", "on"}


def secret_key(folder: Path) -> str:
    """Return SECRET_KEY, or the one kept in the data folder, made there at the first start."""
    given = os.environ.get("SECRET_KEY", "")
    if given:
        return given
    path = folder / "secret_key"
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    with os.fdopen(handle, "w") as file:
        file.write(made := secrets.token_urlsafe(50))
    return made


def broker_socket(folder: Path) -> Path:
    """Return where the embedded broker listens: in the data folder, unless its path is too long."""
    path = folder / "redis" / "redis.sock"
    if len(os.fsencode(path)) <= _LONGEST_SOCKET_PATH:
        return path
    name = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"parallax-{name}" / "redis.sock"


def database(url: str, folder: Path) -> dict[str, Any]:
    """Return Django's words for a database address; "" is SQLite in the data folder."""
    if not url:
        return _sqlite(folder / "db.sqlite3")
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ImproperlyConfigured("DATABASE_URL must begin with postgres:// (or be left out).")
    if find_spec("psycopg") is None:
        raise ImproperlyConfigured(
            "DATABASE_URL names PostgreSQL, which needs: pip install 'psycopg[binary]'."
        )
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }


def shared_store(url: str) -> dict[str, Any]:
    """Return Django's words for the store that machines share; "" is none: one machine.

    The address is s3://bucket?endpoint=http://host:9000&region=...; the key is read from
    AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, as every S3 client does.
    """
    if not url:
        return {}
    parts = urlsplit(url)
    if parts.scheme != "s3" or not parts.netloc:
        raise ImproperlyConfigured("STORAGE_URL must begin with s3://bucket (or be left out).")
    if find_spec("storages") is None or find_spec("boto3") is None:
        raise ImproperlyConfigured(
            "STORAGE_URL names S3, which needs: pip install 'django-storages[s3]'."
        )
    from botocore.config import Config  # noqa: PLC0415 - one machine needs no client

    choices = dict(parse_qsl(parts.query))
    if unknown := sorted(set(choices) - {"endpoint", "region"}):
        raise ImproperlyConfigured(f"STORAGE_URL does not know {unknown[0]!r}.")
    return {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": parts.netloc,
            "location": parts.path.strip("/"),
            "endpoint_url": choices.get("endpoint"),
            "region_name": choices.get("region"),
            "file_overwrite": True,
            "default_acl": None,
            "client_config": Config(
                connect_timeout=5, read_timeout=30, retries={"max_attempts": 3, "mode": "standard"}
            ),
        },
    }


def _sqlite(path: Path) -> dict[str, Any]:
    # WAL with IMMEDIATE is the one setting that never answered "database is locked" when measured.
    pragmas = "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA busy_timeout=20000;"
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": path,
        "CONN_MAX_AGE": 60,
        "OPTIONS": {"timeout": 20, "transaction_mode": "IMMEDIATE", "init_command": pragmas},
    }
