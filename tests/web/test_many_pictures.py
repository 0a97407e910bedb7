"""A run of two hundred real photographs: no page of it weighs more than 5 MB."""

from __future__ import annotations

import numpy as np
import pytest

from tests.shared import FOLDER, needs_shared
from tests.web.landed_run import land_pictures

COUNT, BUDGET = 200, 5_000_000
PAGES = (
    "overview/", "compare/", "global/", "global/?page=2", "concepts/", "concepts/?page=2",
    "strategies/", "strategies/?cluster=0", "agreement/", "report.html",
)  # fmt: skip


@pytest.fixture(scope="module")
def photographs():
    """Return photographs as pages get them of a model that takes 224 by 224."""
    import torch
    from PIL import Image

    from xai.workbench.picture_views import Views

    def prepare(picture):
        return torch.from_numpy(np.asarray(picture.resize((224, 224))).copy()).permute(2, 0, 1)

    views, folder = Views.of(lambda picture: prepare(picture) / 255), FOLDER / "images/concepts"
    paths = sorted(folder.glob("*/*.jpg"))[:COUNT]
    return [views.jpeg(prepare(Image.open(path).convert("RGB")) / 255) for path in paths]


@needs_shared
@pytest.mark.django_db
@pytest.mark.slow
def test_no_page_of_two_hundred_photographs_is_too_heavy(
    client, alice, make_upload, server_mode, photographs
):
    assert len(photographs) == COUNT
    client.force_login(alice)
    run = land_pictures(alice, make_upload, shown=photographs)
    weights = {}
    for page in PAGES:
        answer = client.get(f"/runs/{run.pk}/{page}")
        assert answer.status_code == 200, page
        weights[page] = len(answer.content)
    assert max(weights.values()) < BUDGET, weights
    assert weights["global/"] > 300_000  # the photographs are there
