"""Damaged files of every format through inspection, in the real jail; count what became of them.

Run: python benchmarks/fuzz.py [files per format] [--seed N] [format ...]
Each file is a small sound one with some of it changed: values of its JSON, members of its archive,
or bytes anywhere. A file may be accepted, refused in words, or stopped at a limit, and may even end
the child; what must not happen is an error that nobody foresaw, a file outside the child's folder,
or a parent that dies. One child inspects file after file until it ends, so a file costs
milliseconds; the product gives each upload a child of its own.
"""

from __future__ import annotations

import argparse
import io
import json
import logging
import os
import random
import shutil
import sys
import tempfile
import time
import zipfile
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from xai.errors import LimitExceeded, ModelCrashed, XaiError
from xai.jail import Child, Limits
from xai.runner.session import HANDLER

LIMITS = Limits(memory_mb=4096, cpu_s=120)
SECONDS = 30.0
UNFORESEEN = "met an internal error"
ODD = (None, True, -1, 0, 1, 2**31, 2**63, 1e308, float("nan"), "", "../../etc/passwd", "a" * 5000,
       [], [[[[1]]]], {}, {"a": 1})  # fmt: skip


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    asked.add_argument("files", nargs="?", type=int, default=10_000)
    asked.add_argument("formats", nargs="*")
    asked.add_argument("--seed", type=int, default=0)
    asked = asked.parse_args()
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory(prefix="parallax-fuzz-") as folder:
        sound = seeds(Path(folder))
        for name in asked.formats or sound:
            counts, slowest, seconds = fuzz(sound[name], asked.files, asked.seed, Path(folder))
            told = ", ".join(f"{number} {what}" for what, number in counts.most_common())
            print(
                f"{name:13s} {asked.files} files in {seconds:.0f} s: {told}; "
                f"slowest {slowest:.1f} s",
                flush=True,
            )


def seeds(folder: Path) -> dict[str, tuple[Path, str]]:
    """Write one small sound file of every format; return it with its purpose, by format."""
    import lightgbm
    import numpy as np
    import pandas as pd
    import skl2onnx
    import skops.io
    import xgboost
    from PIL import Image
    from sklearn.ensemble import RandomForestClassifier

    from tests.assets import folders

    (folder := folder / "sound").mkdir()
    draw = np.random.default_rng(0)
    frame = pd.DataFrame(draw.normal(size=(60, 3)), columns=["a", "b", "c"])
    label = (frame["a"] > 0).astype(int)
    booster = xgboost.XGBClassifier(n_estimators=3, max_depth=2).fit(frame, label)
    for ending in ("json", "ubj"):
        booster.save_model(folder / f"xgboost.{ending}")
    light = lightgbm.train(
        {"objective": "binary", "verbose": -1}, lightgbm.Dataset(frame, label), num_boost_round=3
    )
    light.save_model(folder / "lightgbm.txt")
    forest = RandomForestClassifier(3, max_depth=2, random_state=0).fit(frame, label)
    skops.io.dump(forest, folder / "forest.skops")
    scored = skl2onnx.to_onnx(forest, frame.to_numpy(np.float32)[:1], options={"zipmap": False})
    (folder / "forest.onnx").write_bytes(scored.SerializeToString())
    folders.tiny_text_classifier(folder / "text.zip")
    folders.tiny_image_classifier(folder / "picture.zip")
    frame.assign(word="né, “so”", label=label).to_csv(folder / "table.csv", index=False)
    frame.assign(word="né", label=label).to_parquet(folder / "table.parquet")
    lines = [json.dumps({"text": f"line {i} of words", "label": i % 2}) for i in range(40)]
    (folder / "texts.jsonl").write_text("\n".join(lines))
    with zipfile.ZipFile(folder / "photos.zip", "w") as archive:
        for number in range(6):
            pixels = draw.integers(0, 255, (12, 12, 3)).astype(np.uint8)
            Image.fromarray(pixels).save(held := io.BytesIO(), ("PNG", "JPEG")[number % 2])
            archive.writestr(f"{'ab'[number % 2]}/{number}.png", held.getvalue())
    data = {"table.csv", "table.parquet", "texts.jsonl", "photos.zip"}
    return {
        path.name: (path, "dataset" if path.name in data else "model")
        for path in sorted(folder.iterdir())
    }


def fuzz(
    sound: tuple[Path, str], number: int, seed: int, folder: Path
) -> tuple[Counter[str], float, float]:
    """Inspect damaged copies of one file; return the counts, the slowest, and the whole time."""
    path, purpose = sound
    fresh = random.Random(f"{path.name} {seed}")
    counts: Counter[str] = Counter()
    slowest, began = 0.0, time.perf_counter()
    room, given = folder / "room", folder / "given"
    given.mkdir(exist_ok=True)
    room.mkdir(exist_ok=True)
    child, canaries = None, watched(folder)
    for turn in range(number):
        target = given / f"{turn}-{path.name}"
        target.write_bytes(damaged(path.read_bytes(), path.suffix, fresh))
        if child is None or not child.alive:
            shutil.rmtree(room, ignore_errors=True)
            room.mkdir()
            child = Child(HANDLER, [given], room, LIMITS)
        started = time.perf_counter()
        counts[inspected(child, target, purpose)] += 1
        slowest = max(slowest, time.perf_counter() - started)
        target.unlink()
    if child is not None:
        child.close()
    counts["files outside its folder"] += len(watched(folder) - canaries)
    return +counts, slowest, time.perf_counter() - began


def inspected(child: Child, target: Path, purpose: str) -> str:
    payload = {"path": str(target.resolve()), "name": target.name}
    try:
        child.ask(f"inspect_{purpose}", payload, wall_s=SECONDS)
    except LimitExceeded:
        return "stopped at a limit"
    except ModelCrashed:
        return "ended the child"
    except XaiError as error:
        if UNFORESEEN in str(error):
            if os.environ.get("KEEP"):
                kept = Path(os.environ["KEEP"]) / target.name
                shutil.copy(target, kept)
                kept.with_suffix(".said").write_text("\n".join(error.__notes__))
            return "not foreseen"
        return "refused in words"
    return "accepted"


def watched(folder: Path) -> set[Path]:
    """Return what lies where no child may write."""
    return set(folder.iterdir()) | set((folder / "sound").iterdir())


# Damage ------------------------------------------------------------------------------------------


def damaged(content: bytes, ending: str, fresh: random.Random) -> bytes:
    if ending in {".zip", ".skops"} and fresh.random() < 0.8:
        return in_archive(content, fresh)
    if ending == ".json" and fresh.random() < 0.8:
        return in_json(content, fresh)
    return in_bytes(content, fresh)


def in_archive(content: bytes, fresh: random.Random) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    name = fresh.choice(sorted(parts))
    kind = fresh.random()
    if kind < 0.1:
        del parts[name]
    elif kind < 0.2:
        parts[fresh.choice(("../out.txt", "/etc/x", "a/" * 60 + "x", name.upper()))] = parts[name]
    elif name.endswith("json") or parts[name][:1] in (b"{", b"["):
        parts[name] = in_json(parts[name], fresh)
    else:
        parts[name] = in_bytes(parts[name], fresh)
    with zipfile.ZipFile(held := io.BytesIO(), "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return held.getvalue()


def in_json(content: bytes, fresh: random.Random) -> bytes:
    try:
        tree = json.loads(content)
    except ValueError:
        return in_bytes(content, fresh)
    places = list(within(tree))
    for _ in range(fresh.randint(1, 3) if places else 0):
        node, key = fresh.choice(places)
        if isinstance(node, dict) and fresh.random() < 0.2:
            node.pop(key, None)
        elif isinstance(node, dict) or key < len(node):
            node[key] = fresh.choice(ODD)
    return json.dumps(tree).encode()


def within(node):
    """Yield every place of a tree: what holds it, and its key there."""
    if isinstance(node, dict):
        keys = list(node)
    else:
        keys = range(min(len(node), 40)) if isinstance(node, list) else ()
    for key in keys:
        yield node, key
        yield from within(node[key])


def in_bytes(content: bytes, fresh: random.Random) -> bytes:
    found = bytearray(content)
    for _ in range(fresh.randint(1, 6)):
        place = fresh.randrange(len(found)) if found else 0
        kind = fresh.random()
        if kind < 0.6 and found:
            found[place] = fresh.randrange(256)
        elif kind < 0.75:
            found[place:place] = fresh.randbytes(fresh.randint(1, 40))
        elif kind < 0.9:
            del found[place : place + fresh.randint(1, 200)]
        else:
            del found[place:]
    return bytes(found)


if __name__ == "__main__":
    main()
