from __future__ import annotations

import json
import zipfile

import pytest

from tests.assets import folders


@pytest.fixture(scope="session")
def classifier(tmp_path_factory):
    return folders.tiny_text_classifier(tmp_path_factory.mktemp("models") / "text.zip")


@pytest.fixture
def changed(classifier, tmp_path):
    """Return the classifier's zip with some files replaced, added, or (None) left out."""

    def make(prefix="", **files):
        with zipfile.ZipFile(classifier) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
        for name, content in files.items():
            parts[name] = content if isinstance(content, bytes) else json.dumps(content).encode()
            if content is None:
                del parts[name]
        target = tmp_path / "changed.zip"
        with zipfile.ZipFile(target, "w") as archive:
            for name, content in parts.items():
                archive.writestr(prefix + name, content)
        return target

    return make


@pytest.fixture
def config(classifier):
    with zipfile.ZipFile(classifier) as archive:
        return json.loads(archive.read("config.json"))
