"""The tokenizer of a Hugging Face folder: tokenizer.json as it stands, its settings by a list."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from xai.assets.folder_config import check_code
from xai.assets.folder_entries import TOKENIZER, TOKENIZER_CONFIG
from xai.assets.safety import read_json
from xai.assets.wording import clean, quoted
from xai.errors import RefusedFile, XaiError

if TYPE_CHECKING:
    from pathlib import Path

    from transformers import PreTrainedTokenizerFast as Tokenizer

SPECIAL = (
    "bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token",
)  # fmt: skip
_TEMPLATE = "chat_template"
# No honest template reaches into objects or counts to thousands.
_CODE = re.compile(r"__|\bimport\b|\binclude\b|\bself\b|range\(\s*\d{4,}|\bcycler\b|\blipsum\b")
_TRIALS = (
    "a" * 4_000, "a" * 60 + "!", "x" * 3_000, "0" * 60 + "!", "ab " * 2_000, " " * 60 + "!",
    "x1-_ é\u4e2d\U0001f600\n\t" * 300, "",
)  # fmt: skip
_PANIC = "PanicException"


def write(config: dict[str, Any], special: dict[str, Any], target: Path) -> list[str]:
    """Write the settings that are kept, and return notes about those that are not.

    Raises
    ------
    RefusedFile
        If they name code, or a template that does more than fill in a chat.
    """
    check_code(config, TOKENIZER_CONFIG)
    kept: dict[str, Any] = {}
    for name in SPECIAL:
        word = _word(config.get(name, special.get(name)))
        if word:
            kept[name] = word
    for side in ("padding_side", "truncation_side"):
        if config.get(side) in {"left", "right"}:
            kept[side] = config[side]
    longest = config.get("model_max_length")
    if isinstance(longest, (int, float)) and 1 <= longest <= 1_000_000:
        kept["model_max_length"] = int(longest)
    (target / TOKENIZER_CONFIG).write_text(json.dumps(kept), encoding="utf-8")
    return _template_notes(config.get(_TEMPLATE))


def _template_notes(template: Any) -> list[str]:
    if not template:
        return []
    if len(str(template)) > 100_000 or _CODE.search(str(template)):
        raise RefusedFile(
            f"The {quoted(_TEMPLATE)} in tokenizer_config.json holds code that does more than fill "
            "in a chat. Remove that entry: explanations do not need it."
        )
    return ["The chat template is not used: prompts are explained as they are written."]


def _word(given: Any) -> str:
    """Return a special token, which may stand as a word or as an object with its content."""
    word = given.get("content") if isinstance(given, dict) else given
    return word if isinstance(word, str) and 0 < len(word) <= 200 else ""


@lru_cache(maxsize=1)
def _class() -> type[Tokenizer]:
    from transformers import PreTrainedTokenizerFast  # noqa: PLC0415 - heavy

    class GuardedTokenizer(PreTrainedTokenizerFast):  # type: ignore[misc,unused-ignore]
        """A tokenizer whose panics, which are no exceptions, become sentences."""

        def _encode_plus(self, *args: Any, **choices: Any) -> Any:
            try:
                return super()._encode_plus(*args, **choices)
            except BaseException as error:
                if type(error).__name__ != _PANIC:
                    raise
                raise XaiError(
                    "The model's tokenizer gave up on a text: a pattern in tokenizer.json takes "
                    "too long there. Shorten the text, or save the tokenizer with another pattern."
                ) from None

    return GuardedTokenizer


def load(path: Path, config: dict[str, Any], inputs: set[str]) -> Tokenizer:
    """Return the tokenizer in `path`, tried on a few texts.

    Parameters
    ----------
    config : dict
        The network's configuration: how many tokens it knows, and how long a text may be.
    inputs : names
        What the network takes.
    """
    import tokenizers  # noqa: PLC0415 - only where there is text

    data = (path / TOKENIZER).read_bytes()
    read_json(data)
    settings = json.loads((path / TOKENIZER_CONFIG).read_text(encoding="utf-8"))
    try:
        inner = tokenizers.Tokenizer.from_buffer(data)
    except BaseException as error:
        if isinstance(error, (KeyboardInterrupt, SystemExit, MemoryError)):
            raise
        raise _unreadable(clean(str(error), 200)) from None
    known = config.get("vocab_size")
    largest = max(inner.get_vocab(with_added_tokens=True).values(), default=-1)
    if isinstance(known, int) and largest >= known:
        raise RefusedFile(
            f"The tokenizer numbers tokens up to {largest:,}, the network knows {known:,}. Zip the "
            "tokenizer that the model was trained with."
        )
    special = {name: word for name, word in settings.items() if name in SPECIAL}
    held = {n: word for n, word in special.items() if inner.token_to_id(word) is not None}
    made = _class()(
        tokenizer_object=inner,
        **held,
        padding_side=settings.get("padding_side", "right"),
        truncation_side=settings.get("truncation_side", "right"),
        model_max_length=longest(config, settings),
        model_input_names=_input_names(inputs),
        clean_up_tokenization_spaces=False,
    )
    if made.pad_token is None:
        # Padded places are masked, so any token may stand there.
        made.pad_token = made.eos_token or made.unk_token or inner.id_to_token(0)
    _try(made)
    return made


def longest(config: dict[str, Any], settings: dict[str, Any]) -> int:
    """Return how many tokens a text may have."""
    places = next(
        (config[key] for key in ("max_position_embeddings", "n_positions") if key in config), None
    )
    limits = [settings.get("model_max_length"), places]
    if config["model_type"] in {"roberta", "xlm-roberta", "camembert"} and isinstance(places, int):
        # Their positions are counted from behind the padding token's.
        limits[1] = places - 2
    return min((limit for limit in limits if isinstance(limit, int) and limit > 2), default=2048)


def _input_names(inputs: set[str]) -> list[str]:
    known = ("input_ids", "token_type_ids", "attention_mask")
    return [name for name in known if name in inputs]


def _try(tokenizer: Tokenizer) -> None:
    try:
        for text in _TRIALS:
            tokenizer(text)
    except XaiError as error:
        raise RefusedFile(str(error)) from None
    except Exception as error:
        raise _unreadable(clean(str(error), 200)) from None


def _unreadable(reason: str) -> RefusedFile:
    return RefusedFile(
        f"tokenizer.json cannot be read: {reason}. Save it again with "
        "`tokenizer.save_pretrained(folder)`."
    )
