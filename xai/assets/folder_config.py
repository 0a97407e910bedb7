"""`config.json` read and written anew: what the file may say is a list, not a habit.

A configuration has a vote on what transformers imports and runs. Only keys that the architecture's
own configuration declares are kept, with plain values, so nothing else is ever seen by it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal, cast

from xai.assets import folder_entries
from xai.assets.safety import read_json
from xai.assets.wording import clean, listed, quoted
from xai.errors import RefusedFile

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

Task = Literal["text-classification", "text-generation", "image-classification", "fill-mask"]

MOST_LAYERS = 256
MOST_LABELS = 25_000
_TASKS: dict[str, Task] = {
    "ForSequenceClassification": "text-classification",
    "ForCausalLM": "text-generation",
    "LMHeadModel": "text-generation",
    "ForImageClassification": "image-classification",
    "ForMaskedLM": "fill-mask",
}
_TEXT = {
    "albert", "bert", "camembert", "deberta", "deberta-v2", "distilbert", "electra", "ernie",
    "modernbert", "mpnet", "roberta", "xlm-roberta",
}  # fmt: skip
_LANGUAGE = {
    "bloom", "codegen", "falcon", "gemma", "gemma2", "gemma3_text", "gpt2", "gpt_neo", "gpt_neox",
    "gptj", "granite", "llama", "mistral", "olmo", "olmo2", "opt", "phi", "phi3", "qwen2", "qwen3",
    "smollm3", "stablelm", "starcoder2",
}  # fmt: skip
TYPES: dict[Task, frozenset[str]] = {
    "text-classification": frozenset(_TEXT | _LANGUAGE),
    "text-generation": frozenset(_LANGUAGE),
    "fill-mask": frozenset(_TEXT),
    "image-classification": frozenset({
        "beit", "bit", "convnext", "convnextv2", "cvt", "deit", "dinov2", "efficientnet",
        "focalnet", "levit", "mobilenet_v1", "mobilenet_v2", "mobilevit", "poolformer", "pvt",
        "regnet", "resnet", "swin", "swinv2", "vit", "vit_msn",
    }),
}  # fmt: skip
"""The model types of transformers that are opened, by task; none of them brings its own code."""

_KINDS = {
    "text-classification": "text classifier",
    "text-generation": "language model",
    "image-classification": "image classifier",
    "fill-mask": "masked language model",
}
# Names of earlier versions of transformers, which the configuration classes translate.
_LEGACY = {
    "global_attn_every_n_layers", "global_rope_theta", "local_rope_theta", "n_embed", "num_labels",
    "partial_rotary_factor", "pooler_hidden_size", "rope_local_base_freq", "rope_parameters",
    "rope_scaling", "rope_theta", "rotary_emb_base", "rotary_pct", "sliding_window_pattern",
}  # fmt: skip
# Fields that say how to run, not what the network is; they are ours to say.
_OURS = {
    "architectures", "attn_implementation", "backbone", "backbone_config", "backbone_kwargs",
    "dtype", "extra_config_files", "extra_files", "id2label", "label2id", "num_labels",
    "output_attentions", "output_hidden_states", "per_layer_config", "quantization_config",
    "return_dict", "torch_dtype", "transformers_version", "use_timm_backbone",
}  # fmt: skip
_DEPTH = re.compile(r"layers?$|^n_layer|depths?$|blocks?$|stages$", re.IGNORECASE)


def task_in(path: Path) -> Task:
    """Return the task of a zipped model, judged by its names and its config.json.

    Raises
    ------
    RefusedFile
        If a file does not belong there, or the network is of no kind that is explained.
    """
    entries = folder_entries.chosen(path)
    data = folder_entries.read_entry(path, entries["config.json"], folder_entries.CONFIG_BYTES)
    return task_of(parse(data))


def parse(data: bytes, name: str = "config.json") -> dict[str, Any]:
    """Return the object in a JSON file of the folder, called `name` in a refusal."""
    found = read_json(data)
    if not isinstance(found, dict):
        raise RefusedFile(f"{name} must hold an object. Save the model again.")
    return found


def task_of(config: dict[str, Any]) -> Task:
    """Return what the network does, by the architecture that its configuration names.

    Raises
    ------
    RefusedFile
        If it needs its own code, or is of no kind that is explained.
    """
    check_code(config, "config.json")
    names = config.get("architectures")
    if not (isinstance(names, list) and names and isinstance(names[0], str)):
        raise RefusedFile(
            "config.json does not name the architecture. Save the model with "
            "`model.save_pretrained(folder)`, from its class for the task."
        )
    for ending, task in _TASKS.items():
        if names[0].endswith(ending):
            _check_type(config, task)
            return task
    raise RefusedFile(
        f"The model is a {quoted(names[0])}. Explained are classifiers of text and images "
        "(…ForSequenceClassification, …ForImageClassification) and language models "
        "(…ForCausalLM, …ForMaskedLM)."
    )


def check_code(config: dict[str, Any], where: str) -> None:
    """Refuse a configuration that names Python code or quantised weights."""
    own = config.get("auto_map")
    if own:
        named = re.findall(r"[\w.-]+\.\w+", str(own)) or ["auto_map"]
        raise RefusedFile(
            f"The model needs its own Python code ({quoted(named[0])} in {where}), which is never "
            "run here. Upload a model whose architecture is built into transformers."
        )
    if config.get("quantization_config"):
        raise RefusedFile(
            f"The weights are quantised ({where}). Save the model in 16 or 32 bits: "
            "`model.dequantize().save_pretrained(folder)`."
        )


def _check_type(config: dict[str, Any], task: Task) -> None:
    kind = config.get("model_type")
    if not isinstance(kind, str) or kind not in TYPES[task]:
        raise RefusedFile(
            f"The model type is {quoted(str(kind))}, which is not opened. For a {_KINDS[task]} it "
            f"is one of: {listed(sorted(TYPES[task]), 99)}."
        )


def rewritten(config: dict[str, Any], task: Task, known: Iterable[str]) -> dict[str, Any]:
    """Return the configuration that is given to transformers.

    Parameters
    ----------
    known : names
        The fields of the configuration class of this model type.

    Raises
    ------
    RefusedFile
        If a size is out of bounds, or the labels do not name single classes.
    """
    keys = (set(known) | _LEGACY) - _OURS
    kept = {key: value for key, value in config.items() if key in keys and _is_plain(value)}
    _check_depth(kept)
    kept["model_type"] = config["model_type"]
    kept["architectures"] = config["architectures"][:1]
    if task in {"text-classification", "image-classification"}:
        names = labels(config)
        kept["id2label"] = {str(index): name for index, name in enumerate(names)}
        kept["label2id"] = {name: index for index, name in enumerate(names)}
    return kept


def labels(config: dict[str, Any]) -> tuple[str, ...]:
    """Return the names of the classes, every one different, without control characters.

    Raises
    ------
    RefusedFile
        If the model answers with one number, or with labels that do not exclude each other.
    """
    if config.get("problem_type") not in {None, "single_label_classification"}:
        raise RefusedFile(
            f"The model's problem type is {quoted(str(config['problem_type']))}. Explained are "
            "classifiers of one label out of several (single_label_classification)."
        )
    given = config.get("id2label")
    names = _numbered(given) if isinstance(given, dict) else _counted(config.get("num_labels", 2))
    if not 2 <= len(names) <= MOST_LABELS:
        raise RefusedFile(
            f"The model has {len(names):,} labels in config.json; a classifier has 2 to "
            f"{MOST_LABELS:,}."
        )
    return _distinct(names)


def _numbered(given: dict[str, Any]) -> list[str]:
    found = {int(key): value for key, value in given.items() if re.fullmatch(r"\d{1,6}", key)}
    if sorted(found) != list(range(len(given))):
        raise RefusedFile(
            "The labels in config.json (id2label) are not numbered 0, 1, 2, … without a gap."
        )
    return [clean(str(found[index]), 200).strip() or str(index) for index in range(len(given))]


def _counted(number: Any) -> list[str]:
    is_count = isinstance(number, int) and not isinstance(number, bool)
    return [f"LABEL_{index}" for index in range(min(number, MOST_LABELS + 1) if is_count else 0)]


def _distinct(names: list[str]) -> tuple[str, ...]:
    seen: dict[str, int] = {}
    for index, name in enumerate(names):
        seen[name if name not in seen else f"{name} ({index})"] = index
    if len(seen) != len(names):
        raise RefusedFile("Two labels in config.json (id2label) have the same name.")
    return tuple(seen)


def describe(config: dict[str, Any], task: Task, parameters: int) -> str:
    """Return the architecture in plain words: "Bert text classifier, 2 layers, 1.4 million …"."""
    name = config["architectures"][0]
    for ending in _TASKS:
        name = name.removesuffix(ending)
    layers = next((v for k, v in config.items() if k in {"num_hidden_layers", "n_layer"}), None)
    depth = f", {layers} layers" if isinstance(layers, int) else ""
    size = f"{parameters / 1e6:.1f} million" if parameters >= 1e5 else f"{parameters:,}"
    return f"{name} {_KINDS[task]}{depth}, {size} parameters"


def _is_plain(value: Any, depth: int = 0) -> bool:
    """Return whether a value holds only numbers, words, lists and objects, of sane size."""
    if isinstance(value, (bool, float, int)) or value is None:
        return not isinstance(value, int) or abs(value) < 2**40
    if isinstance(value, str):
        return len(value) <= 200 and "/" not in value and "\\" not in value
    if depth > 3 or not isinstance(value, (list, dict)) or len(value) > 10_000:
        return False
    parts = value.values() if isinstance(value, dict) else value
    return all(_is_plain(part, depth + 1) for part in cast("Iterable[Any]", parts))


def _check_depth(config: dict[str, Any]) -> None:
    for key, value in config.items():
        parts = value if isinstance(value, list) else [value]
        numbers = [part for part in parts if isinstance(part, int) and not isinstance(part, bool)]
        if _DEPTH.search(key) and sum(numbers) > MOST_LAYERS:
            raise RefusedFile(
                f"config.json asks for {sum(numbers):,} layers ({quoted(key)}); at most "
                f"{MOST_LAYERS} are built."
            )
