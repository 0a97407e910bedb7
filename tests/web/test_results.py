from __future__ import annotations

import pytest
from django.urls import reverse

from tests.web.landed_run import EVIL, land

PAGES = ("compare", "global", "agreement")


@pytest.fixture
def run(client, make_upload, settings):
    from xai.web.middleware import local_owner

    return land(local_owner(), make_upload)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_opens(client, run, name):
    answer = client.get(reverse(name, args=[run.pk]))
    assert answer.status_code == 200
    assert b"Shapley values" in answer.content
