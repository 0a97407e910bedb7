"""The verdict on pictures of the shapes example: who is above random, robustly, and who fails.

A small convolutional network on 60 pictures, 24 of which are measured under three baselines; eight
are explained again with new weights.

Run: python benchmarks/faithfulness_pictures.py [method,method,...]
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

METHODS = "occlusion,input_x_gradient,integrated_gradients,smoothgrad,gradcam,random"


def main(methods: tuple[str, ...]) -> None:
    from xai.runner.explain import Options, explain
    from xai.workbench.example_shapes import write_dataset, write_model

    with tempfile.TemporaryDirectory() as folder:
        model, data = Path(folder) / "shapes.zip", Path(folder) / "pictures.zip"
        write_model(model, lambda *_: None)
        write_dataset(data, lambda *_: None)
        out = Path(folder) / "out"
        options = Options(methods=methods, rows="sample:60")
        failed = explain(model, data, out, options, lambda *_: None)
        found = json.loads((out / "faithfulness.json").read_text())
    print(f"{found['samples']} pictures, {len(found['baselines'])} baselines; failed: {failed}")
    league = {(r["method"], r["measure"], r["baseline"]): r for r in found["league"]}
    for slug in (*found["methods"], "random"):
        rows = {
            m: league.get((slug, m, found["baseline"]))
            for m in ("gap", "mu_fidelity", "sensitivity", "randomisation")
        }
        said = ", ".join(f"{m} {r['mean']:.3f} ({r['samples']})" for m, r in rows.items() if r)
        print(f"  {slug:22s}{said}")
    for row in found["robust"]:
        if row["b"] == "random" and row["measure"] == "gap":
            under = len(row["better_under"][row["a"]])
            print(f"  {row['a']:22s}above random under {under} baselines: {row['verdict']}")


if __name__ == "__main__":
    main(tuple((sys.argv[1] if len(sys.argv) > 1 else METHODS).split(",")))
