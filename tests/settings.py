"""The site's settings, in a data folder that lives as long as the tests."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile

os.environ["PARALLAX_DATA"] = _folder = tempfile.mkdtemp(prefix="parallax-tests-")
os.environ["PARALLAX_COMPILED"] = f"{_folder}/compiled"  # once for all tests
os.environ["SECRET_KEY"] = "only for tests"
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_name, "1")  # small matrices: threads only wait for each other
for _name in ("PARALLAX_MODE", "REDIS_URL", "ISOLATION_REQUIRED", "DEBUG"):
    os.environ.pop(_name, None)
atexit.register(shutil.rmtree, _folder, ignore_errors=True)

from xai.settings import *  # noqa: E402, F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
WHITENOISE_AUTOREFRESH = True
DISK_FLOOR = 0
CELERY_BROKER_URL = "memory://"
