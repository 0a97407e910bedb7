"""One small computation with each library, run in the jail."""

from __future__ import annotations

from pathlib import Path


def handle(op, payload, progress):
    """Run the function with the library's name; it returns whether the result is right."""
    return bool(globals()[f"use_{op}"]())


def use_numpy():
    import numpy as np

    return (np.ones((300, 300)) @ np.ones((300, 300))).sum() == 300**3


def use_scipy():
    import scipy.linalg
    import scipy.stats

    return scipy.linalg.det([[2.0]]) == 2 and scipy.stats.norm.cdf(0) == 0.5


def use_pandas():
    import pandas as pd

    return pd.DataFrame({"a": ["x", "y", "x"]}).groupby("a").size()["x"] == 2


def use_pyarrow():
    import pyarrow as pa
    from pyarrow import csv, parquet

    parquet.write_table(pa.table({"a": [1, 2]}), "a.parquet")
    Path("a.csv").write_text("a,b\n1,2\n")
    return parquet.read_table("a.parquet").num_rows + csv.read_csv("a.csv").num_rows == 3


def use_sklearn():
    from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier

    x, y = _table()
    boosted = HistGradientBoostingClassifier(max_iter=5).fit(x, y)
    forest = RandomForestClassifier(5, n_jobs=2).fit(x, y)
    return boosted.score(x, y) > 0.9 and forest.score(x, y) > 0.9


def use_xgboost():
    import xgboost

    x, y = _table()
    xgboost.XGBClassifier(n_estimators=5, n_jobs=2).fit(x, y).save_model("model.json")
    model = xgboost.Booster(model_file="model.json")
    return ((model.inplace_predict(x) > 0.5) == y).mean() > 0.9


def use_lightgbm():
    import lightgbm

    x, y = _table()
    data = lightgbm.Dataset(x, y)
    model = lightgbm.train({"objective": "binary", "num_threads": 2, "verbose": -1}, data, 5)
    model.save_model("model.txt")
    return ((lightgbm.Booster(model_file="model.txt").predict(x) > 0.5) == y).mean() > 0.9


def use_onnxruntime():
    import numpy as np

    (answer,) = _session("Add", 2, 1, 3).run(None, {"x": np.ones((2, 3), "f")})
    return answer.sum() == 12


def use_onnxruntime_to_take_8_gb():
    import numpy as np

    return _session("ConstantOfShape", 1, 7, None).run(None, {"x": np.array([1 << 31])})


def use_skops():
    import skops.io
    from sklearn.linear_model import LinearRegression

    data = skops.io.dumps(LinearRegression().fit([[0], [1]], [0, 1]))
    return skops.io.loads(data).predict([[2]])[0] > 1.9


def use_shap():
    import numpy as np
    import shap

    explain = shap.Explainer(lambda rows: rows.sum(1), np.zeros((5, 3)))
    return abs(explain(np.ones((2, 3))).values.sum() - 6) < 1e-6


def use_torch():
    import torch

    return torch.ones(3, 3).sum() == 9


def use_transformers():
    import torch
    from transformers import BertConfig, BertForSequenceClassification

    small = BertConfig(
        vocab_size=9, hidden_size=8, num_hidden_layers=1, num_attention_heads=1, intermediate_size=8
    )
    network = BertForSequenceClassification(small).eval()
    network.save_pretrained("saved")
    again = BertForSequenceClassification.from_pretrained("saved", local_files_only=True).eval()
    ids = torch.tensor([[1, 2, 3]])
    return torch.allclose(network(ids).logits, again(ids).logits)


def use_tokenizers():
    from tokenizers import Tokenizer, models

    return Tokenizer(models.WordLevel({"a": 0, "?": 1}, unk_token="?")).encode("a").ids == [0]


def use_pillow():
    from PIL import Image

    Image.new("RGB", (4, 4), "red").save("red.png")
    return Image.open("red.png").resize((2, 2)).getpixel((1, 1)) == (255, 0, 0)


def _table():
    import numpy as np

    x = np.random.default_rng(0).random((200, 3))
    return x, (x[:, 0] > 0.5) * 1


def _session(operator, uses, kind, columns):
    import onnxruntime
    from onnx import helper

    given = helper.make_tensor_value_info("x", kind, [None, columns] if columns else [1])
    found = helper.make_tensor_value_info("y", 1, None)
    graph = helper.make_graph(
        [helper.make_node(operator, ["x"] * uses, ["y"])], "graph", [given], [found]
    )
    opset = [helper.make_opsetid("", 17)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=9)
    return onnxruntime.InferenceSession(model.SerializeToString())
