"""Settings from the environment: typed, and a wrong one says so in a sentence."""

from __future__ import annotations

import stat
from io import StringIO
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command

from xai import environment
from xai.web.finders import PlotlyFinder


@pytest.mark.parametrize(
    ("given", "number"), [("", 7), ("42", 42), ("2G", 2 * 10**9), ("500 mb", 5 * 10**8)]
)
def test_a_number_may_have_a_unit(monkeypatch, given, number):
    monkeypatch.setenv("SOME", given)
    assert environment.number("SOME", 7) == number


def test_wrong_values_are_named(monkeypatch):
    monkeypatch.setenv("SOME", "lots")
    with pytest.raises(ImproperlyConfigured, match="SOME must be a whole number"):
        environment.number("SOME", 7)
    with pytest.raises(ImproperlyConfigured, match="SOME must be yes or no"):
        environment.switch("SOME", default=True)
    with pytest.raises(ImproperlyConfigured, match="SOME must be one of a, b"):
        environment.text("SOME", "a", choices=("a", "b"))


def test_words_and_switches(monkeypatch):
    monkeypatch.setenv("SOME", "a.example, b.example,")
    assert environment.words("SOME") == ["a.example", "b.example"]
    monkeypatch.setenv("SOME", "on")
    assert environment.switch("SOME", default=False)


def test_the_secret_key_is_made_once_and_private(monkeypatch, tmp_path):
    monkeypatch.delenv("SECRET_KEY")
    made = environment.secret_key(tmp_path)
    assert len(made) >= 50
    assert environment.secret_key(tmp_path) == made
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600


def test_sqlite_writes_ahead_and_takes_its_lock_at_once(tmp_path):
    options = environment.database("", tmp_path)["OPTIONS"]
    assert options["transaction_mode"] == "IMMEDIATE"
    assert "journal_mode=WAL" in options["init_command"]
    assert "synchronous=NORMAL" in options["init_command"]


def test_a_postgresql_address_is_read(monkeypatch, tmp_path):
    monkeypatch.setattr(environment, "find_spec", lambda name: object())
    found = environment.database("postgres://me:p%40ss@db.example:5433/parallax", tmp_path)
    assert (found["USER"], found["PASSWORD"]) == ("me", "p@ss")
    assert (found["HOST"], found["PORT"], found["NAME"]) == ("db.example", "5433", "parallax")


def test_an_address_that_cannot_be_used_says_why(monkeypatch, tmp_path):
    monkeypatch.setattr(environment, "find_spec", lambda name: None)
    with pytest.raises(ImproperlyConfigured, match="pip install"):
        environment.database("postgres://db/parallax", tmp_path)
    with pytest.raises(ImproperlyConfigured, match="must begin with postgres"):
        environment.database("mysql://db/parallax", tmp_path)


def test_the_broker_listens_where_a_socket_may_be():
    near = Path("/srv/parallax")
    assert environment.broker_socket(near) == near / "redis" / "redis.sock"
    far = Path("/srv") / ("deep/" * 40)
    assert len(str(environment.broker_socket(far))) <= 100


def test_plotly_is_found_in_its_package():
    finder = PlotlyFinder()
    found = Path(finder.find("vendor/plotly.min.js"))
    assert found.stat().st_size > 10**6
    assert finder.find("vendor/other.js") == []
    assert [path for path, _ in finder.list(None)] == ["plotly.min.js"]


def test_the_rows_and_the_migrations_agree(db):
    call_command("makemigrations", "--check", "--dry-run", stdout=StringIO())
