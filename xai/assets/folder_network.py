"""The network of a Hugging Face folder: built without memory first, then given its weights."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from xai.assets.folder_weights import MOST_PARAMETERS, Shapes, compare, too_large
from xai.assets.wording import clean, count, listed, quoted
from xai.errors import RefusedFile

if TYPE_CHECKING:
    from pathlib import Path

    from torch import nn


def fields(model_type: str) -> set[str]:
    """Return the names that the configuration of this model type declares."""
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING  # noqa: PLC0415 - heavy

    kind = CONFIG_MAPPING[model_type]
    declared: dict[str, Any] = getattr(kind, "__dataclass_fields__", {})
    return {*declared, *kind.attribute_map}


def _class_of(config: dict[str, Any]) -> Any:
    """Return the network's class, if transformers itself pairs it with the model type."""
    import transformers  # noqa: PLC0415 - heavy
    from transformers.models.auto import modeling_auto  # noqa: PLC0415

    transformers.logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    transformers.logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    name, kind = config["architectures"][0], config["model_type"]
    paired: set[str] = set()
    for mapping in ("SEQUENCE_CLASSIFICATION", "CAUSAL_LM", "IMAGE_CLASSIFICATION", "MASKED_LM"):
        found = getattr(modeling_auto, f"MODEL_FOR_{mapping}_MAPPING_NAMES").get(kind, ())
        paired |= {found} if isinstance(found, str) else set(found)
    if name not in paired:
        raise RefusedFile(
            f"{quoted(name)} is no architecture of the model type {quoted(kind)}. Save the model "
            "again with `save_pretrained`."
        )
    return getattr(transformers, name)


def _configured(config: dict[str, Any]) -> tuple[Any, Any]:
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING  # noqa: PLC0415 - heavy

    kind = _class_of(config)
    try:
        made = CONFIG_MAPPING[config["model_type"]].from_dict(
            {**config}, attn_implementation="eager"
        )
    except Exception as error:
        raise RefusedFile(
            f"config.json does not describe a network: {_reason(error)}. Save the model again."
        ) from None
    return kind, made


def check(config: dict[str, Any], shapes: Shapes) -> int:
    """Build the network without memory and hold it against the weights; return its size.

    Raises
    ------
    RefusedFile
        If it cannot be built, is too large, or has weights of other shapes than these.
    """
    import torch  # noqa: PLC0415 - heavy

    kind, made = _configured(config)
    try:
        with torch.device("meta"):
            network = kind(made)
    except Exception as error:
        raise RefusedFile(
            f"The network in config.json cannot be built: {_reason(error)}. Save the model again."
        ) from None
    parts = [*network.named_parameters(), *network.named_buffers()]
    total = sum(part.numel() for _, part in parts)
    if total > MOST_PARAMETERS:
        raise too_large(total)
    wanted = {name: tuple(part.shape) for name, part in network.named_parameters()}
    compare(wanted, shapes)
    return sum(part.numel() for _, part in network.named_parameters())


def load(path: Path, config: dict[str, Any]) -> nn.Module:
    """Return the network in `path`; see `folder.load_network`."""
    import torch  # noqa: PLC0415 - heavy

    kind, made = _configured(config)
    try:
        network, report = kind.from_pretrained(
            path,
            config=made,
            trust_remote_code=False,
            local_files_only=True,
            use_safetensors=True,
            attn_implementation="eager",
            dtype=torch.float32,
            output_loading_info=True,
        )
    except MemoryError:
        raise
    except Exception as error:
        if "memory" in str(error):
            raise
        if "mismatch" in str(error):
            raise RefusedFile(
                "Some weights have other shapes than the network in config.json wants. Zip the "
                "config.json that was saved with these weights."
            ) from None
        raise RefusedFile(f"The weights cannot be loaded: {_reason(error)}.") from None
    if report["missing_keys"]:
        names = [quoted(name) for name in sorted(report["missing_keys"])]
        raise RefusedFile(
            f"The weights lack {count(len(names), 'tensor')} of the network: {listed(names, 3)}. "
            "Save the fine-tuned model, not the one that it was made from."
        )
    network.eval().requires_grad_(False)
    for name, weight in network.named_parameters():
        if not torch.isfinite(weight).all():
            raise RefusedFile(
                f"The weights {quoted(name)} hold NaN or infinity, so every answer would. "
                "Check the training, and save the model again."
            )
    return network  # type: ignore[no-any-return]


def inputs(config: dict[str, Any]) -> set[str]:
    """Return the names of what the network takes."""
    return set(inspect.signature(_class_of(config).forward).parameters)


def _reason(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return clean(lines[-1] if lines else type(error).__name__, 200).rstrip(".")
