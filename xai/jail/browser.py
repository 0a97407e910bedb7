"""A browser of this machine that prints one file of ours, without a network or any other file.

Chromium brings a sandbox of its own, which containers and root cannot use. Where the kernel gives
Landlock and seccomp, this confinement takes its place: nothing to read but the file and the
system's programs and fonts, nothing to write but one folder, no socket but local ones.
Elsewhere Chromium must use its own sandbox, or nothing is printed.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from xai.errors import NotApplicable
from xai.jail import kernel, landlock, seccomp
from xai.jail.limits import Limits, restrain
from xai.jail.policy import PACKAGE

SECONDS_MOST = 120.0
_MEMORY_MB, _FILE_MB = 4096, 256
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MISSING = (
    "No Chromium was found on this machine, so no PDF is made. Open the HTML report and print it "
    "from your browser: it is laid out for paper."
)
_FLAGS = (
    "--headless",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-breakpad",
    "--disable-crash-reporter",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
    "--no-pings",
    # Nobody answers: names are not resolved, and everything goes through a proxy that is not there.
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--proxy-server=http://127.0.0.1:9",
    "--proxy-bypass-list=<-loopback>",
    "--force-color-profile=srgb",
    "--no-pdf-header-footer",
)
_PROGRAMS = ("/usr", "/bin", "/sbin", "/lib", "/lib64", "/opt", "/snap")
_READ = ("/etc/fonts", "/etc/ld.so.cache", "/etc/localtime", "/etc/chromium", "/etc/chromium.d",
         "/proc", "/sys/devices/system", "/dev/urandom", "/dev/random", "/dev/zero",
         "/var/cache/fontconfig", "/var/lib/snapd")  # fmt: skip
_START = "import sys; sys.path.insert(0, sys.argv[1]); from xai.jail.browser import enter; enter()"


def find() -> str | None:
    """Return the browser of this machine that can print, or None."""
    named = os.environ.get("PARALLAX_CHROMIUM", "")
    return shutil.which(named) if named else next(filter(None, map(shutil.which, NAMES)), None)


def can_confine() -> bool:
    """Whether the kernel lets this confinement take the place of Chromium's sandbox."""
    return sys.platform == "linux" and landlock.version() > 0 and seccomp.is_available()


def print_pdf(page: Path, target: Path, seconds: float = SECONDS_MOST) -> None:
    """Print an HTML file of ours to a PDF.

    Raises
    ------
    NotApplicable
        If there is no browser, or it fails, or takes too long; the sentence says what to do.
    """
    browser = find()
    if browser is None:
        raise NotApplicable(MISSING)
    # In the system's own folder: the name of a local socket has at most 107 letters.
    with tempfile.TemporaryDirectory(prefix="print-", ignore_cleanup_errors=True) as folder:
        home = Path(folder).resolve()
        made, source = home / "report.pdf", home / "report.html"
        shutil.copyfile(page, source)
        command = [
            browser,
            *_FLAGS,
            *(["--no-sandbox"] if can_confine() else []),
            f"--user-data-dir={home / 'profile'}",
            f"--print-to-pdf={made}",
            source.as_uri(),
        ]
        said = _run(command, home, seconds)
        if not made.is_file() or made.read_bytes()[:5] != b"%PDF-":
            raise NotApplicable(
                "The browser of this machine did not print the report"
                f"{f' ({said})' if said else ''}. Open the HTML report and print it from your "
                "browser."
            )
        shutil.copyfile(made, target)


def _run(command: list[str], home: Path, seconds: float) -> str:
    """Run the browser with its whole family; return the last line it said."""
    order = json.dumps({"command": command, "home": str(home.resolve())})
    process = subprocess.Popen(
        [sys.executable, "-I", "-B", "-c", _START, str(PACKAGE.parent), order],
        cwd=home, env=_environment(home), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    try:
        _, heard = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        raise NotApplicable(
            f"Printing the report took longer than {seconds:.0f} s and was stopped. Choose fewer "
            "rows, or print the HTML report from your browser."
        ) from None
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if process.stderr is not None:
            process.stderr.close()
    lines = heard.decode("utf-8", "replace").strip().splitlines()
    return lines[-1][:200] if lines and process.returncode else ""


def _environment(home: Path) -> dict[str, str]:
    where = str(home.resolve())
    return {
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "HOME": where,
        "TMPDIR": where,
        "XDG_CONFIG_HOME": where,
        "XDG_CACHE_HOME": where,
    }


def enter() -> NoReturn:
    """Lock the door, then become the browser."""
    order = json.loads(sys.argv[2])
    command, home = order["command"], order["home"]
    if can_confine():
        restrain(Limits(memory_mb=_MEMORY_MB, cpu_s=int(SECONDS_MOST), file_mb=_FILE_MB))
        kernel.forbid_new_privileges()
        folder = str(Path(command[0]).resolve().parent)
        landlock.restrict(
            [
                *((path, landlock.RUN) for path in (*_PROGRAMS, folder)),
                *((path, landlock.READ) for path in _READ),
                (home, landlock.HOME),
                ("/dev/null", landlock.WRITE),
            ]
        )
        kernel.drop_capabilities()
        seccomp.restrict_network()
    os.execve(command[0], command, dict(os.environ))  # noqa: S606 - that is the point
