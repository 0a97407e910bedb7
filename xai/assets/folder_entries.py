"""Which files of a zipped Hugging Face folder are taken, which are left, and which are refused.

Judged by the zip's directory alone: nothing is unpacked here.
"""

from __future__ import annotations

import errno
import re
import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from xai.assets.safety import check_zip
from xai.assets.wording import quoted
from xai.errors import RefusedFile

MOST_ENTRIES = 200
MOST_BYTES = 2_000_000_000
"""What a folder may unpack to: 500 million parameters of 32 bits."""

TEXT_BYTES = 64 << 20
CONFIG_BYTES = 4 << 20
CONFIG = "config.json"
TOKENIZER = "tokenizer.json"
TOKENIZER_CONFIG = "tokenizer_config.json"
SPECIAL_TOKENS = "special_tokens_map.json"
PREPROCESSOR = "preprocessor_config.json"
INDEX = "model.safetensors.index.json"

_TAKEN = {CONFIG, TOKENIZER, TOKENIZER_CONFIG, SPECIAL_TOKENS, PREPROCESSOR, INDEX}
_WEIGHTS = re.compile(r"model(-\d{5}-of-\d{5})?\.safetensors")
# They change nothing that is explained: an index of words that tokenizer.json repeats, texts for
# people, and what trainers and systems leave behind.
_LEFT = re.compile(
    r"generation_config\.json|added_tokens\.json|vocab\.(json|txt)|merges\.txt|"
    r"trainer_state\.json|all_results\.json|(train|eval)_results\.json|processor_config\.json|"
    r"readme.*|licen[cs]e.*|notice.*|use_policy.*|\.git(attributes|ignore)|\.ds_store|thumbs\.db|"
    r"\._.*|desktop\.ini|.*\.(md|jpe?g|png|gif|pdf)"
)
_REASONS = (
    (r".*\.(py|pyc|pyd|so|dll|dylib|sh|bat|js|ipynb|exe)",
     "The model needs code of its own ({}), which is never run here. Upload a model whose "
     "architecture is built into transformers, without its code files."),
    (r".*\.(jinja2?|j2)",
     "The folder holds {}, a template with code, which is never run here. Delete that file: "
     "explanations do not need it."),
    (r".*\.(bin|pt|pth|ckpt|pkl|pickle|joblib)",
     "The folder holds {}, which can run code when opened. Delete it; weights are saved safely "
     "with `model.save_pretrained(folder)`, as model.safetensors."),
    (r".*\.(h5|msgpack|ot|tflite|pb|gguf|onnx)(\.data)?",
     "The folder holds {}, weights of another program. Leave it out: only model.safetensors is "
     "read."),
    (r"adapter_(model|config)\..*",
     "The folder holds an adapter ({}). Merge it into its model first: "
     "`model.merge_and_unload().save_pretrained(folder)`."),
    (r".*(sentencepiece|spiece|tokenizer)\S*\.model",
     "The folder holds {}, an old form of tokenizer. Save it as tokenizer.json, with "
     "`AutoTokenizer.from_pretrained(folder).save_pretrained(folder)`, and delete that file."),
)  # fmt: skip
_DAMAGED = "The zip archive is cut short or damaged. Zip the folder again."


def is_folder(names: list[str]) -> bool:
    """Return whether a zip with these names is meant as a Hugging Face model."""
    bases = {PurePosixPath(name).name for name in names}
    return CONFIG in bases or any(
        base == INDEX or _WEIGHTS.fullmatch(base) or base == "pytorch_model.bin" for base in bases
    )


def chosen(path: Path) -> dict[str, zipfile.ZipInfo]:
    """Return the entries that are read, by plain name; the one top folder is taken off.

    Raises
    ------
    RefusedFile
        If there is a file that does not belong into a model, named with the way out; a link; a
        name twice; too much to unpack; or no config.json.
    """
    check_zip(path)
    with zipfile.ZipFile(path) as archive:
        entries = [entry for entry in archive.infolist() if not _is_litter(entry)]
    if len(entries) > MOST_ENTRIES:
        raise RefusedFile(
            f"The archive holds {len(entries):,} files; a model folder has at most {MOST_ENTRIES}. "
            "Zip the model's own files only."
        )
    top = _top(entries)
    found: dict[str, zipfile.ZipInfo] = {}
    for entry in entries:
        name = entry.filename.removeprefix(top)
        if _is_taken(entry, name):
            found[name] = entry
    if CONFIG not in found:
        raise RefusedFile(
            "The archive has no config.json at its top or in its one folder. Save the model with "
            "`model.save_pretrained(folder)` and zip that folder."
        )
    _check_sizes(found)
    return found


def read_entry(path: Path, entry: zipfile.ZipInfo, limit: int) -> bytes:
    """Return the bytes of one small entry, counted while they are unpacked."""
    try:
        with zipfile.ZipFile(path) as archive, archive.open(entry) as file:
            data = file.read(limit + 1)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, zlib.error, EOFError,
            ValueError, OSError):  # fmt: skip
        raise RefusedFile(_DAMAGED) from None
    if len(data) > limit:
        raise RefusedFile(f"{quoted(entry.filename)} is larger than {limit >> 20} MB.")
    return data


def extract(path: Path, entry: zipfile.ZipInfo, target: Path) -> None:
    """Write one entry to `target`, never more than its directory promised."""
    left = entry.file_size
    try:
        with zipfile.ZipFile(path) as archive, archive.open(entry) as file, target.open("xb") as to:
            while block := file.read(1 << 20):
                left -= len(block)
                if left < 0:
                    raise RefusedFile(_DAMAGED)
                to.write(block)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, zlib.error, EOFError,
            ValueError):  # fmt: skip
        raise RefusedFile(_DAMAGED) from None
    except OSError as error:
        # A place before the file's beginning, which a damaged directory may name; not a full disk.
        if error.errno != errno.EINVAL:
            raise
        raise RefusedFile(_DAMAGED) from None
    if left:
        raise RefusedFile(_DAMAGED)


def _is_litter(entry: zipfile.ZipInfo) -> bool:
    return entry.is_dir() or entry.filename.startswith("__MACOSX/")


def _top(entries: list[zipfile.ZipInfo]) -> str:
    """Return "name/" if everything lies in one folder, "" if the archive is flat."""
    tops = {entry.filename.split("/", 1)[0] for entry in entries if "/" in entry.filename}
    is_single = len(tops) == 1 and all("/" in entry.filename for entry in entries)
    return f"{tops.pop()}/" if is_single else ""


def _is_taken(entry: zipfile.ZipInfo, name: str) -> bool:
    shown = quoted(name)
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise RefusedFile(f"The archive holds a link ({shown}). Zip the files themselves.")
    base = PurePosixPath(name).name.lower()
    for pattern, reason in _REASONS:
        if re.fullmatch(pattern, base):
            raise RefusedFile(reason.format(shown))
    if name in _TAKEN or _WEIGHTS.fullmatch(name):
        return True
    if "/" in name or "\\" in name or "\0" in name:
        raise RefusedFile(
            f"The archive holds {shown}, outside the model's one folder. Zip the files that "
            "`save_pretrained` wrote, and nothing else."
        )
    if _LEFT.fullmatch(base):
        return False
    raise RefusedFile(
        f"The folder holds {shown}, which is no file of a model that is read here. Leave it out."
    )


def _check_sizes(found: dict[str, zipfile.ZipInfo]) -> None:
    total = sum(entry.file_size for entry in found.values())
    if total > MOST_BYTES:
        raise RefusedFile(
            f"The model weighs {total / 1e9:.1f} GB; at most {MOST_BYTES / 1e9:.0f} GB are opened. "
            "Save the weights in 16 bits, or choose a smaller model."
        )
    for name, entry in found.items():
        limit = TEXT_BYTES if name in {TOKENIZER, INDEX} else CONFIG_BYTES
        if not name.endswith(".safetensors") and entry.file_size > limit:
            raise RefusedFile(f"{quoted(name)} is larger than {limit >> 20} MB.")
