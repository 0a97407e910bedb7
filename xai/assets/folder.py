"""A Hugging Face folder, uploaded as a zip: unpacked by a list, checked, and opened without code.

What `unpack` leaves on disk is written by this module: the configuration, the index and the
tokenizer's settings anew, the weights byte for byte after their headers were checked. Everything
here runs in the jailed child, whose scratch holds the folder.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xai.assets import (
    folder_config,
    folder_entries,
    folder_network,
    folder_processor,
    folder_tokenizer,
    folder_weights,
)
from xai.assets.folder_config import Task
from xai.assets.folder_entries import (
    CONFIG,
    CONFIG_BYTES,
    INDEX,
    PREPROCESSOR,
    SPECIAL_TOKENS,
    TOKENIZER,
    TOKENIZER_CONFIG,
    read_entry,
)
from xai.assets.wording import quoted
from xai.errors import RefusedFile

if TYPE_CHECKING:
    import zipfile
    from pathlib import Path

    from torch import nn
    from transformers import BaseImageProcessor
    from transformers import PreTrainedTokenizerFast as Tokenizer

FORMATS = {f"hf-{task}": task for task in folder_config.TYPES}
"""Format, as `sniff` names it, to the task."""


@dataclass(frozen=True, slots=True)
class Folder:
    """An unpacked model.

    Attributes
    ----------
    path : Path
        Holds only files that this module checked or wrote.
    config : dict
        The configuration that transformers is given.
    outputs : tuple of str
        Names of the classes; empty for a language model.
    architecture : str
        In plain words.
    parameters : int
        Weights and buffers of the network, tied ones counted once.
    """

    path: Path
    config: dict[str, Any]
    task: Task
    outputs: tuple[str, ...]
    architecture: str
    parameters: int
    notes: tuple[str, ...] = ()


_unpacked: dict[tuple[str, str, int], Folder] = {}


def unpack(zip_path: Path, scratch: Path) -> Folder:
    """Unpack a zipped model into `scratch`, once per process, and check what it asks for.

    Raises
    ------
    RefusedFile
        If a file does not belong there, needs code, is damaged, too large, or does not fit the
        others; nothing was allocated by then.
    """
    size = zip_path.stat().st_size
    key = (str(zip_path.resolve()), str(scratch.resolve()), size)
    if key not in _unpacked:
        mark = hashlib.sha256(repr(key).encode()).hexdigest()[:12]
        _unpacked[key] = _unpack(zip_path, scratch / f"folder-{mark}")
    return _unpacked[key]


def _unpack(zip_path: Path, target: Path) -> Folder:
    entries = folder_entries.chosen(zip_path)
    written = folder_config.parse(read_entry(zip_path, entries[CONFIG], CONFIG_BYTES))
    task = folder_config.task_of(written)
    config = folder_config.rewritten(written, task, folder_network.fields(written["model_type"]))
    target.mkdir(parents=True)
    (target / CONFIG).write_text(json.dumps(config), encoding="utf-8")
    notes = _write_settings(zip_path, entries, target, task)
    shapes = _write_weights(zip_path, entries, target)
    folder_weights.check_count(shapes)
    if task != "image-classification":
        _take_tokenizer(zip_path, entries, target)
    parameters = folder_network.check(config, shapes)
    return Folder(
        path=target,
        config=config,
        task=task,
        outputs=tuple(config.get("id2label", {}).values()),
        architecture=folder_config.describe(config, task, parameters),
        parameters=parameters,
        notes=tuple(notes),
    )


def _write_settings(
    zip_path: Path, entries: dict[str, zipfile.ZipInfo], target: Path, task: Task
) -> list[str]:
    """Write what turns texts or pictures into numbers; return notes."""
    sides = {
        name: folder_config.parse(read_entry(zip_path, entries[name], CONFIG_BYTES), name)
        for name in (TOKENIZER_CONFIG, SPECIAL_TOKENS, PREPROCESSOR)
        if name in entries
    }
    if task == "image-classification":
        if PREPROCESSOR not in sides:
            raise RefusedFile(
                "The folder has no preprocessor_config.json, which says how pictures become "
                "numbers. Save it with `image_processor.save_pretrained(folder)`."
            )
        folder_processor.write(sides[PREPROCESSOR], target)
        return []
    settings = sides.get(TOKENIZER_CONFIG, {}), sides.get(SPECIAL_TOKENS, {})
    return folder_tokenizer.write(*settings, target)


def _take_tokenizer(zip_path: Path, entries: dict[str, zipfile.ZipInfo], target: Path) -> None:
    if TOKENIZER not in entries:
        raise RefusedFile(
            "The folder has no tokenizer.json, which turns text into tokens. Save it with "
            "`AutoTokenizer.from_pretrained(folder).save_pretrained(folder)`."
        )
    folder_entries.extract(zip_path, entries[TOKENIZER], target / TOKENIZER)


def _write_weights(
    zip_path: Path, entries: dict[str, zipfile.ZipInfo], target: Path
) -> folder_weights.Shapes:
    """Extract the weight files, check their headers, and write the index anew."""
    files = sorted(name for name in entries if name.endswith(".safetensors"))
    where: dict[str, str] = {}
    if INDEX in entries:
        data = read_entry(zip_path, entries[INDEX], folder_entries.TEXT_BYTES)
        where = folder_weights.indexed(data, set(files))
        files = sorted(set(where.values()))
    elif files != ["model.safetensors"]:
        raise RefusedFile(
            "The folder has no model.safetensors. Save the weights with "
            "`model.save_pretrained(folder)`."
            if not files
            else f"The folder holds {quoted(files[0])} without its index. Zip the whole folder."
        )
    shapes: folder_weights.Shapes = {}
    for name in files:
        folder_entries.extract(zip_path, entries[name], target / name)
        found = folder_weights.shapes_in(target / name, name)
        if where and any(where.get(tensor) != name for tensor in found):
            raise RefusedFile(f"The index of the weights and {quoted(name)} do not agree.")
        shapes |= found
    if where:
        if set(where) != set(shapes):
            raise RefusedFile("The index of the weights names tensors that are in no file.")
        index = {"metadata": {}, "weight_map": where}
        (target / INDEX).write_text(json.dumps(index), encoding="utf-8")
    return shapes


def load_network(folder: Folder) -> nn.Module:
    """Return the network in 32 bits, in evaluation mode, its weights fixed.

    Raises
    ------
    RefusedFile
        If weights are missing, of another shape, or not finite.
    """
    network: Any = folder_network.load(folder.path, folder.config)
    if folder.task == "text-classification" and network.config.pad_token_id is None:
        # A classifier that reads the last token must know which tokens only fill the row.
        network.config.pad_token_id = load_tokenizer(folder).pad_token_id
    return network  # type: ignore[no-any-return]


def load_tokenizer(folder: Folder) -> Tokenizer:
    """Return the tokenizer in the folder's tokenizer.json.

    Raises
    ------
    RefusedFile
        If it is damaged, or numbers more tokens than the network knows.
    """
    taken = folder_network.inputs(folder.config)
    return folder_tokenizer.load(folder.path, folder.config, taken)


def load_processor(folder: Folder) -> BaseImageProcessor:
    """Return what turns pictures into numbers, working through Pillow.

    Raises
    ------
    RefusedFile
        If the folder describes none that transformers knows.
    """
    return folder_processor.load(folder.path)
