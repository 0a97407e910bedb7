"""What this machine's libraries can do: each is loaded and made to compute something."""

from __future__ import annotations

import importlib
from collections.abc import Callable

from xai.vocabulary import Json, Progress


def check(payload: Json, progress: Progress) -> Json:  # noqa: ARG001 - as every operation
    """Return formats that open, with why others do not, and the devices that compute.

    Returns
    -------
    dict
        {"formats": [{"name", "works", "detail"}], "devices": [{"name", "works", "detail"}]}
    """
    return {
        "formats": [_tried(name, try_it) for name, try_it in _FORMATS.items()],
        "devices": [_tried(name, try_it) for name, try_it in _DEVICES.items()],
    }


def _tried(name: str, try_it: Callable[[], str]) -> Json:
    try:
        return {"name": name, "works": True, "detail": try_it()}
    except Exception as error:
        return {"name": name, "works": False, "detail": f"{type(error).__name__}: {error}"}


def _versions(*modules: str) -> str:
    return ", ".join(f"{one} {importlib.import_module(one).__version__}" for one in modules)


def _onnx() -> str:
    import onnxruntime  # noqa: PLC0415 - tried one by one

    providers = ", ".join(onnxruntime.get_available_providers())
    return f"{_versions('onnx', 'onnxruntime')}; {providers}"


def _tables() -> str:
    import pandas as pd  # noqa: PLC0415 - as above
    import pyarrow as pa  # noqa: PLC0415

    assert pa.Table.from_pandas(pd.DataFrame({"a": [1.0]})).num_rows == 1  # noqa: S101
    return _versions("pandas", "pyarrow")


def _network() -> str:
    import torch  # noqa: PLC0415 - as above

    weight = torch.ones(2, 2, requires_grad=True)
    (weight @ torch.ones(2)).sum().backward()  # type: ignore[no-untyped-call]
    return _versions("torch", "transformers", "safetensors", "tokenizers")


def _cpu() -> str:
    import torch  # noqa: PLC0415 - as above

    return f"{torch.get_num_threads()} threads"


def _cuda() -> str:
    import torch  # noqa: PLC0415 - as above

    if not torch.cuda.is_available():
        raise RuntimeError("no GPU, or a build of torch without CUDA")
    return str(torch.cuda.get_device_name(0))


_FORMATS: dict[str, Callable[[], str]] = {
    "CSV, JSON lines, Parquet": _tables,
    "pictures": lambda: _versions("PIL", "skimage"),
    "XGBoost": lambda: _versions("xgboost"),
    "LightGBM": lambda: _versions("lightgbm"),
    "scikit-learn (skops)": lambda: _versions("sklearn", "skops"),
    "ONNX": _onnx,
    "Hugging Face folders": _network,
    "tree Shapley values": lambda: _versions("numba", "shap"),
}
_DEVICES: dict[str, Callable[[], str]] = {"CPU": _cpu, "CUDA": _cuda}
