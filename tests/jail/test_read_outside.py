"""A model must not read files that are not its own."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest

import xai
from tests.jail.conftest import SECONDS

ROOT = Path(xai.__file__).parents[1]


@pytest.fixture
def foreign(tmp_path):
    """A neighbour of the scratch folder, as another run's scratch folder is."""
    folder = tmp_path / "foreign"
    folder.mkdir()
    (folder / "secret").write_text("secret")
    return folder


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "/etc/hostname", "/proc/mounts", "/proc/net/tcp", "/proc/1/cmdline"]
)
def test_files_of_the_system_cannot_be_read(error, path):
    assert error(f"open({path!r}).read()") in {"EACCES", "ENOENT"}


def test_a_foreign_file_cannot_be_read(error, foreign):
    assert error(f"open({str(foreign / 'secret')!r}).read()") == "EACCES"


def test_a_foreign_folder_cannot_be_listed(error, foreign):
    assert error(f"os.listdir({str(foreign)!r})") == "EACCES"


@pytest.mark.parametrize("folder", ["/", "/etc", "/proc", "/tmp", "/home", "/root", "/run"])
def test_the_system_cannot_be_listed(error, folder):
    assert error(f"os.listdir({folder!r})") in {"EACCES", "ENOENT"}


def test_dots_and_other_names_of_a_foreign_file_do_not_help(error, foreign):
    assert error("open('../foreign/secret').read()") == "EACCES"
    assert error(f"open('/proc/self/root{foreign}/secret').read()") == "EACCES"
    assert error("open('/proc/self/cwd/../foreign/secret').read()") == "EACCES"


def test_a_link_that_lies_in_scratch_is_not_followed_out(error, foreign, scratch):
    (scratch / "link").symlink_to(foreign / "secret")
    assert error("open('link').read()") == "EACCES"


def test_a_foreign_file_cannot_be_moved_or_linked_in(error, foreign):
    secret = str(foreign / "secret")
    assert error(f"os.link({secret!r}, 'mine')") in {"EXDEV", "EACCES", "EPERM"}
    assert error(f"os.rename({secret!r}, 'mine')") in {"EXDEV", "EACCES", "EPERM"}


def test_the_products_folder_and_data_cannot_be_read(error):
    assert error(f"os.listdir({str(ROOT)!r})") == "EACCES"
    for name in ("pyproject.toml", "xai/settings.py", "xai/web/__init__.py", "manage.py"):
        assert error(f"open({str(ROOT / name)!r}).read()") == "EACCES"


def test_the_database_cannot_be_read(error, tmp_path):
    database = tmp_path / "db.sqlite3"
    sqlite3.connect(database).close()
    database.write_bytes(b"rows")
    assert error(f"open({str(database)!r}, 'rb').read()") == "EACCES"


def test_a_data_folder_inside_the_checkout_stays_closed(error):
    # <checkout>/var and <checkout>/xai are neighbours: allowing one must not allow the other.
    assert error(f"os.listdir({str(ROOT / 'var')!r})") in {"EACCES", "ENOENT"}
    assert error(f"os.listdir({str(ROOT / '.git')!r})") in {"EACCES", "ENOENT"}


def test_handles_and_watches_are_refused(error):
    assert error("syscall('open_by_handle_at', -100, 0, 0)") == "EPERM"
    assert error("syscall('inotify_init1', 0)") == "EPERM"


def test_no_open_file_is_inherited(full_isolation, start, foreign):
    with (foreign / "secret").open() as opened:
        os.set_inheritable(opened.fileno(), True)
        child = start()
        lines = (
            "out = []\nfor d in range(3, 300):\n"
            "    try: out.append([d, os.fstat(d).st_mode >> 12])\n    except OSError: pass"
        )
        found = child.ask("run", lines, wall_s=SECONDS)
    # Requests, replies and the lifeline: pipes, no files.
    assert [kind for _, kind in found] == [1, 1, 1]


def test_given_inputs_can_be_read_but_their_neighbours_cannot(full_isolation, start, foreign):
    (foreign / "other").write_text("other")
    child = start(inputs=[foreign / "secret"])
    read = f"open({str(foreign / 'secret')!r}).read()"
    assert child.ask("value", read, wall_s=SECONDS) == "secret"
    assert child.ask("error", read.replace("secret", "other"), wall_s=SECONDS) == "EACCES"
