"""A model must not write but into its scratch folder."""

from __future__ import annotations

import pytest

import xai
from tests.jail.conftest import SECONDS


@pytest.fixture
def foreign(tmp_path):
    folder = tmp_path / "foreign"
    folder.mkdir()
    (folder / "file").write_text("as it was")
    return folder


def test_scratch_can_be_written(value, scratch):
    assert value("Path('folder').mkdir() or Path('folder/file').write_text('mine')") == 4
    assert (scratch / "folder" / "file").read_text() == "mine"
    assert value("os.rename('folder/file', 'moved')") is None
    assert {path.name for path in scratch.iterdir()} == {"folder", "moved"}


def test_home_and_temporary_files_are_in_scratch(value, scratch):
    assert value("__import__('tempfile').gettempdir()") == str(scratch)
    assert value("str(Path.home())") == str(scratch)


@pytest.mark.parametrize("folder", ["/", "/tmp", "/dev/shm", "/var/tmp", "/etc", "/usr/lib"])
def test_the_system_cannot_be_written(error, folder):
    name = f"{folder.rstrip('/')}/parallax-test"
    assert error(f"open({name!r}, 'w')") in {"EACCES", "EROFS", "ENOENT"}


def test_a_foreign_folder_cannot_be_written(error, foreign):
    name = str(foreign / "file")
    for expression in (
        f"open({name!r}, 'w')",
        f"open({name!r}, 'a')",
        f"os.remove({name!r})",
        f"os.truncate({name!r}, 0)",
        f"os.rename({name!r}, {name + '2'!r})",
        f"os.mkdir({name + '2'!r})",
        "open('/proc/self/oom_score_adj', 'w')",
    ):
        assert error(expression) in {"EACCES", "EPERM", "EXDEV"}, expression
    assert (foreign / "file").read_text() == "as it was"
    assert [path.name for path in foreign.iterdir()] == ["file"]


def test_inputs_cannot_be_changed(full_isolation, start, foreign):
    name = str(foreign / "file")
    child = start(inputs=[foreign / "file"])
    for expression in (
        f"open({name!r}, 'r+')",
        f"os.truncate({name!r}, 0)",
        f"os.remove({name!r})",
    ):
        assert child.ask("error", expression, wall_s=SECONDS) in {"EACCES", "EPERM"}


def test_permissions_owners_and_times_of_foreign_files_stay(error, foreign):
    name, before = str(foreign / "file"), (foreign / "file").stat()
    for expression in (
        f"os.chmod({name!r}, 0o777)",
        f"os.chmod({name!r}, 0o777, dir_fd=os.open('.', 0))",
        f"os.chown({name!r}, 1, 1)",
        f"os.utime({name!r}, (0, 0))",
        f"os.setxattr({name!r}, 'user.a', b'b')",
    ):
        assert error(expression) == "EPERM", expression
    assert (foreign / "file").stat() == before


def test_the_product_and_the_libraries_cannot_be_changed(error):
    assert error(f"open({xai.__file__!r}, 'a')") == "EACCES"
    assert error("open(errors.__file__, 'a')") == "EACCES"
    assert error("open(os.__file__, 'a')") == "EACCES"


def test_nothing_but_plain_files_can_be_left_in_scratch(error, scratch):
    # The parent reads this folder afterwards: a link would lead it out, a pipe would hold it up.
    assert error("os.symlink('/etc/passwd', 'link')") == "EACCES"
    assert error("os.mkfifo('pipe')") == "EACCES"
    assert error("os.link('/etc/passwd', 'link')") in {"EXDEV", "EACCES", "EPERM"}
    assert list(scratch.iterdir()) == []
