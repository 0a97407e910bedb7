"""The program that repeats a run through the API: plain Python, nothing to install."""

from __future__ import annotations

import json

from xai.web import asking
from xai.web.models import Run

# Names are given by people, so they come in as JSON in ASCII: no quote or line of theirs can end
# the string that holds them. Three quotes in a row are in no JSON: it escapes those of a text.
_PROGRAM = '''"""Ask Parallax again what it was asked; print what every method says of a sample."""

import hashlib
import json
import os
import time
import urllib.error
import urllib.request

SITE = {site}
TOKEN = os.environ["PARALLAX_TOKEN"]  # made at SITE/tokens/
FILES = json.loads(r"""
{files}
""")
ASKED = json.loads(r"""
{asked}
""")


def ask(method, path, body=None):
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    kind = "application/octet-stream" if isinstance(body, bytes) else "application/json"
    headers = {{"Authorization": f"Bearer {{TOKEN}}", "Content-Type": kind}}
    address = f"{{SITE}}/api/v1{{path}}"
    request = urllib.request.Request(address, data=data, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise SystemExit(json.load(error)["detail"])


def send(purpose, name, path):
    size = os.path.getsize(path)
    upload = ask("POST", "/uploads", {{"name": name, "size": size, "purpose": purpose}})
    with open(path, "rb") as file:
        while part := file.read(upload["part_bytes"]):
            at, sha = file.tell() - len(part), hashlib.sha256(part).hexdigest()
            ask("PUT", f"/uploads/{{upload['id']}}/parts?offset={{at}}&sha256={{sha}}", part)
    ask("POST", f"/uploads/{{upload['id']}}/complete")
    while (upload := ask("GET", f"/uploads/{{upload['id']}}"))["state"] == "checking":
        time.sleep(1)
    if upload["state"] == "refused":
        raise SystemExit(upload["refusal"])


# Files that the site does not have (any more) are sent from the folder of this program.
for purpose, file in FILES.items():
    if not ask("GET", f"/uploads?sha256={{file['sha256']}}&state=ready")["count"]:
        send(purpose.split()[-1], file["name"], os.path.basename(file["name"]))

run = ask("POST", "/runs", ASKED)
while not run["is_over"]:
    time.sleep(1)
    run = ask("GET", f"/runs/{{run['id']}}")
print(run["state"], run["url"])
for job in run["jobs"]:
    if job["error"]:
        print(job["title"], "failed:", job["error"])

first = ask("GET", f"/runs/{{run['id']}}/samples?limit=1")["items"][0]
sample = ask("GET", f"/runs/{{run['id']}}/samples/{{first['sample']}}")
print("row", first["sample"], "predicted", first["predicted"], first["value"])
for found in sample["explanations"]:
    named = dict(zip(found["names"], found["values"]))
    print(found["title"], json.dumps(named or found["shape"]))
'''


def program(run: Run, site: str) -> str:
    """Return the source of a program that asks for the same recipe and prints what came out.

    Parameters
    ----------
    site : str
        The address of the site, without a slash at its end.
    """
    files = {"model": run.model, "dataset": run.dataset}
    if run.external:
        files["second dataset"] = run.external
    if run.replacer:
        files["lending model"] = run.replacer
    named = {
        purpose: {"name": upload.name, "sha256": upload.sha256} for purpose, upload in files.items()
    }
    return _PROGRAM.format(
        site=json.dumps(site), files=_json(named), asked=_json(asking.as_asked(run.recipe))
    )


def _json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=True)
