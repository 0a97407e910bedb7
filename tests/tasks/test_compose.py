"""The services of compose.yaml on this machine: their commands and environment, other addresses."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request

import pytest
import yaml

from tests.tasks.hosts import Cluster, programs
from tests.tasks.installation import ROOT, wait_for
from tests.tasks.started import free_port

COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
OURS = [name for name, service in COMPOSE["services"].items() if "build" in service]
GIVEN = {
    "ALLOWED_HOSTS": "127.0.0.1",
    "SECRET_KEY": "only for tests, but long enough for a server: 0123456789abcdefghijklmnopqrstuv",
    "POSTGRES_PASSWORD": "secret",
    "STORE_KEY": "parallax",
    "STORE_SECRET": "only for tests",
    "ISOLATION_REQUIRED": "none",
}


def environment_of(service, hosts):
    """Fill in a service's environment as compose does, with this machine's addresses."""

    def filled(text):
        name, default = re.fullmatch(r"(\w+)(?::[-?](.*))?", text[1]).groups()
        return GIVEN.get(name, default or "")

    found = {}
    for name, value in COMPOSE["services"][service].get("environment", {}).items():
        found[name] = re.sub(r"\$\{([^}]*)\}", filled, str(value))
        for host, address in hosts.items():
            found[name] = found[name].replace(host, address)
    return found


def test_every_part_of_an_installation_has_a_service():
    commands = {name: COMPOSE["services"][name]["command"] for name in OURS}
    assert commands == {
        "site": ["start", "--only", "site"],
        "worker": ["start", "--only", "workers"],
        "housekeeping": ["start", "--only", "housekeeping"],
        "bucket": ["prepare_store"],
    }


def test_only_the_proxy_of_this_machine_reaches_the_site():
    published = {n: s["ports"] for n, s in COMPOSE["services"].items() if "ports" in s}
    assert published == {"site": ["127.0.0.1:8000:8000"]}


def test_no_secret_has_a_default():
    told = (ROOT / "compose.yaml").read_text()
    for name in ("SECRET_KEY", "POSTGRES_PASSWORD", "STORE_KEY", "STORE_SECRET"):
        assert re.findall(rf"\$\{{{name}:-", told) == []
        assert re.findall(rf"\$\{{{name}:\?", told)


def test_the_image_holds_what_runs_and_nothing_else():
    image = (ROOT / "Dockerfile").read_text()
    copied = set(re.findall(r"^COPY (?:--\S+ )*(\S+)", image, re.MULTILINE))
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().split() if line[0] == "!"}
    assert copied <= let_in
    assert {"manage.py", "xai", "tasks", "templates", "static"} <= let_in
    assert all((ROOT / name).exists() for name in let_in)


class Service:
    """One container's process, without the container."""

    def __init__(self, name, folder, hosts, **more) -> None:
        self.said = folder / f"{name}.txt"
        (data := folder / name).mkdir()
        kept = {k: v for k, v in os.environ.items() if k not in {"SECRET_KEY", "REDIS_URL"}}
        environment = {**kept, **environment_of(name, hosts), "PARALLAX_DATA": str(data), **more}
        environment["DJANGO_SETTINGS_MODULE"] = "xai.settings"
        command = [sys.executable, "manage.py", *COMPOSE["services"][name]["command"]]
        with self.said.open("wb") as output:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdout=output, stderr=output
            )

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(timeout=40)


class Browser:
    """Asks as a proxy with TLS would, and keeps the cookies."""

    def __init__(self, port) -> None:
        self.port, self.cookies = port, {}

    def ask(self, path, form=None):
        body = None
        if form is not None:
            form = {**form, "csrfmiddlewaretoken": self.cookies.get("csrftoken", "")}
            body = urllib.parse.urlencode(form).encode()
        asked = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", body)
        asked.add_header("X-Forwarded-Proto", "https")
        asked.add_header("Referer", f"https://127.0.0.1:{self.port}/")
        asked.add_header("Cookie", "; ".join(f"{k}={v}" for k, v in self.cookies.items()))
        opener = urllib.request.build_opener(_NoRedirect())
        try:
            answer = opener.open(asked, timeout=60)
        except urllib.error.HTTPError as error:
            answer = error
        for line in answer.headers.get_all("Set-Cookie") or []:
            name, value = line.split(";")[0].split("=", 1)
            self.cookies[name] = value
        return answer.status, answer.headers.get("Location", ""), answer.read().decode()


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


@pytest.fixture
def parts(tmp_path):
    """PostgreSQL, Redis and a store on ports of their own; returns host:port by compose's names."""
    from tasks import broker

    moto = pytest.importorskip("moto.server")
    cluster = Cluster(address="127.0.0.1", port=free_port())
    cluster.start()
    cluster.create()
    redis = broker.choose(broker.private_folder(tmp_path / "redis"))
    port = free_port()
    command = redis.command(tmp_path / "redis" / "redis.sock", tmp_path / "redis")
    command[command.index("--port") + 1] = str(port)
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    store = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    store.start()
    yield {
        "@postgres/": f"@127.0.0.1:{cluster.port}/",
        "redis:6379": f"127.0.0.1:{port}",
        "store:9000": "127.0.0.1:{1}".format(*store.get_host_and_port()),
        "0.0.0.0": "127.0.0.1",
    }
    store.stop()
    server.kill()
    server.wait()
    cluster.remove()


@pytest.mark.slow
@pytest.mark.skipif(programs() is None, reason="PostgreSQL is not installed")
def test_the_services_together_take_an_example_from_button_to_report(tmp_path, parts):
    port = free_port()
    bucket = Service("bucket", tmp_path, parts)
    assert bucket.process.wait(timeout=60) == 0, bucket.said.read_text()
    services = [
        Service("site", tmp_path, parts, PORT=str(port)),
        Service("worker", tmp_path, parts, PARALLAX_WORKERS="1"),
        Service("housekeeping", tmp_path, parts),
    ]
    try:
        _walk(Browser(port), services[0], parts)
    finally:
        for service in services:
            service.stop()


def _walk(browser, site, parts):
    wait_for(lambda: "Open http" in site.said.read_text(), 90, "the site")
    wait_for(lambda: browser.ask("/readyz")[0] == 200, 60, "all parts")
    _make_user(site, parts)
    browser.ask("/login/")
    status, to, _ = browser.ask("/login/", {"username": "alice", "password": "wonderland-5"})
    assert (status, to) == (302, "/")
    browser.ask("/")
    status, _, _ = browser.ask("/examples/breast-cancer/", {})
    assert status == 302

    def run():
        return re.search(r"/runs/[0-9a-f-]{36}/", browser.ask("/runs/")[2])

    address = wait_for(run, 120, "the run of the example")[0]
    wait_for(lambda: browser.ask(f"{address}overview/")[0] == 200, 120, "the first result")
    wait_for(lambda: "Done" in browser.ask(address)[2], 180, "the end of the run")
    for page in ("overview/", "compare/", "global/", "agreement/", "report.html"):
        assert browser.ask(f"{address}{page}")[0] == 200, page


def _make_user(site, parts):
    made = subprocess.run(
        [sys.executable, "manage.py", "createsuperuser", "--noinput", "--username", "alice",
         "--email", "alice@parallax.example"],
        cwd=ROOT, capture_output=True, check=False, timeout=60,
        env={**os.environ, **environment_of("site", parts), "DJANGO_SUPERUSER_PASSWORD":
             "wonderland-5", "PARALLAX_DATA": str(site.said.parent / "site"),
             "DJANGO_SETTINGS_MODULE": "xai.settings"},
    )  # fmt: skip
    assert made.returncode == 0, made.stderr.decode()
