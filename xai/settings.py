"""Django's settings. Everything that differs between machines comes from the environment."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from xai import environment

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(environment.text("PARALLAX_DATA", str(BASE_DIR / "var"))).resolve()
DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
# Code that was compiled here, for children to copy: a few megabytes, made anew where missing.
COMPILED_DIR = Path(environment.text("PARALLAX_COMPILED", str(DATA_DIR / "compiled"))).resolve()

# Who may come in ---------------------------------------------------------------------------------

MODE = environment.text("PARALLAX_MODE", "local", choices=("local", "server"))
"""local: one owner, no password, this machine only. server: accounts, every object owned."""
IS_SERVER = MODE == "server"
DEBUG = environment.switch("DEBUG", default=False)
SECRET_KEY = environment.secret_key(DATA_DIR)
LOOPBACK = ["127.0.0.1", "localhost", "[::1]"]
# Probes on the machine itself ask by these names; nothing of an answer depends on the name.
ALLOWED_HOSTS = LOOPBACK + (environment.words("ALLOWED_HOSTS") if IS_SERVER else [])
CSRF_TRUSTED_ORIGINS = environment.words("CSRF_TRUSTED_ORIGINS")
HTTPS = environment.switch("PARALLAX_HTTPS", default=IS_SERVER)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "xai.web.views.errors.unverified"
BEHIND_PROXY = environment.switch("PARALLAX_BEHIND_PROXY", default=False)
METRICS_TOKEN = environment.text("PARALLAX_METRICS_TOKEN", "")
"""Opens /metrics and the sentences of /readyz to other machines; "" leaves them to this one."""
if HTTPS:
    SECURE_HSTS_SECONDS = 30 * 24 * 3600
    # Subdomains and the browsers' preload list are for the owner of the whole domain to decide.
    SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
    SECURE_SSL_REDIRECT = environment.switch("PARALLAX_SSL_REDIRECT", default=True)
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
    # Only behind a proxy that sets this header itself is it to be believed.
    if BEHIND_PROXY:
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# What may be uploaded, what must be isolated -----------------------------------------------------

MAX_FILE = environment.number("PARALLAX_MAX_FILE", 10**10)
QUOTA_BYTES = environment.number("PARALLAX_QUOTA", 20 * 10**9)
QUOTA_FILES = environment.number("PARALLAX_QUOTA_FILES", 500)
QUOTA_RUNS = environment.number("PARALLAX_QUOTA_RUNS", 100)
QUOTA_SHARDS = environment.number("PARALLAX_QUOTA_SHARDS", 50_000)
"""Explanations of one owner that are not done, and the shards in them."""
KEEP_RUNS_DAYS = environment.number("PARALLAX_KEEP_RUNS", 0)
KEEP_FILES_DAYS = environment.number("PARALLAX_KEEP_FILES", 0)
"""Days after which explanations without a report, and files without one, go; 0: never."""
RATES = {
    "login": environment.text("PARALLAX_RATE_LOGIN", "10 per minute"),
    "logins": environment.text("PARALLAX_RATE_LOGINS", "60 per minute"),
    "upload": environment.text("PARALLAX_RATE_UPLOAD", "120 per minute"),
    "api": environment.text("PARALLAX_RATE_API", "1200 per minute"),
}
"""How often a person (before the login, an address) may knock at a server; "none": no limit."""
DISK_FLOOR = environment.number("PARALLAX_DISK_FLOOR", 2 * 10**9)
"""Bytes that an upload must leave free on the disk."""
PART_BYTES = 8 * 2**20
ONE_SHOT_BYTES = 64 * 2**20
"""What a program may send as one body; a longer one would hold a thread of the site for long."""
ISOLATION_REQUIRED = environment.text(
    "ISOLATION_REQUIRED", "none", choices=("none", "partial", "full")
)
DATA_UPLOAD_MAX_MEMORY_SIZE = 2**20
FILE_UPLOAD_MAX_MEMORY_SIZE = 2**20

# The application ---------------------------------------------------------------------------------

INSTALLED_APPS = [
    "xai.web",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django_htmx",
]
MIDDLEWARE = [
    "xai.web.middleware.BodyLimit",
    "django.middleware.security.SecurityMiddleware",
    "xai.web.middleware.ContentPolicy",
    "xai.web.middleware.StoreAway",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "xai.web.middleware.LocalOwner",
    "xai.web.middleware.LoginRequired",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "xai.urls"
WSGI_APPLICATION = "xai.wsgi.application"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": False,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "xai.web.system.footer",
            ],
            "builtins": ["xai.web.templatetags.parallax", "xai.web.templatetags.facts"],
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    ["django.template.loaders.filesystem.Loader"],
                ),
            ],
        },
    }
]
if DEBUG:
    TEMPLATES[0]["OPTIONS"]["loaders"] = ["django.template.loaders.filesystem.Loader"]
DATABASES = {"default": environment.database(environment.text("DATABASE_URL", ""), DATA_DIR)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
MESSAGE_STORAGE = "django.contrib.messages.storage.cookie.CookieStorage"
LOGIN_URL, LOGIN_REDIRECT_URL, LOGOUT_REDIRECT_URL = "login", "home", "login"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}Validator"}
    for name in ("MinimumLength", "CommonPassword", "NumericPassword")
]
USE_TZ, TIME_ZONE = True, environment.text("TZ", "UTC")
USE_I18N = False
USE_THOUSAND_SEPARATOR = False

# Files of the site -------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATIC_ROOT.mkdir(exist_ok=True)
STATICFILES_DIRS = [BASE_DIR / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "xai.web.finders.PlotlyFinder",
]
# A server that ran collectstatic serves hashed, compressed files; everyone else the files as they
# lie, found at start: nothing to run first, nothing stale after an update.
_IS_COLLECTING = "collectstatic" in sys.argv
IS_COLLECTED = IS_SERVER and (_IS_COLLECTING or (STATIC_ROOT / "staticfiles.json").exists())
STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if IS_COLLECTED
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
if _SHARED := environment.shared_store(environment.text("STORAGE_URL", "")):
    STORAGES["shared"] = _SHARED
WHITENOISE_USE_FINDERS = not IS_COLLECTED
WHITENOISE_ALLOW_ALL_ORIGINS = False

# Headers -----------------------------------------------------------------------------------------

SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SECURE_CSP = {
    "default-src": ["'self'"],
    "img-src": ["'self'", "data:", "blob:"],
    # Plotly fills an empty style element by script; the hash is that of the empty string.
    "style-src-elem": ["'self'", "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"],
    # Without it a heatmap is silently smoothed: Plotly asks for sharp cells in a style attribute.
    "style-src-attr": ["'unsafe-inline'"],
    "object-src": ["'none'"],
    "base-uri": ["'none'"],
    "frame-ancestors": ["'none'"],
    "form-action": ["'self'"],
}
PERMISSIONS_POLICY = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"

# Workers -----------------------------------------------------------------------------------------

BROKER_SOCKET = environment.broker_socket(DATA_DIR)
SHARD_SECONDS_MOST = float(environment.number("PARALLAX_SHARD_SECONDS", 600))
"""A shard is cut to take some seconds; one that takes this long does not end."""
CELERY_BROKER_URL = environment.text("REDIS_URL", f"redis+socket://{BROKER_SOCKET}")
CELERY_RESULT_BACKEND = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 10
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 4 * 3600,
    "socket_keepalive": True,
    "health_check_interval": 25,
    "unacked_restore_interval": 10,
    "unacked_restore_throttle": 1,
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"about": {"()": "xai.logs.About"}},
    "formatters": {
        "line": {
            "()": "xai.logs.Line",
            "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
        },
        "json": {"()": "xai.logs.JsonLine"},
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "filters": ["about"],
            "formatter": environment.text("LOG_FORMAT", "line", choices=("line", "json")),
        }
    },
    "root": {"handlers": ["console"], "level": environment.text("LOG_LEVEL", "INFO")},
    "loggers": {
        # Every bell is two lines of Celery's; the shards say more.
        "celery": {"level": environment.text("LOG_LEVEL_CELERY", "WARNING")},
        "django.server": {"handlers": ["console"], "propagate": False},
    },
}
