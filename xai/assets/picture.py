"""One picture, decoded under limits: few formats, few pixels, upright, red green blue."""

from __future__ import annotations

import io
import struct
import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from xai.errors import XaiError

FORMATS = ("PNG", "JPEG", "WEBP")
MOST_PIXELS = 24_000_000
SMALLEST_SIDE = 8
MOST_BYTES = 64 << 20

_DEEP = {"I", "F", "I;16", "I;16B", "I;16L", "I;16N"}
_TURNED = {5, 6, 7, 8}
_ORIENTATION = 0x0112
_PNG_END = b"IEND\xaeB`\x82"


@dataclass(frozen=True, slots=True)
class Seen:
    """What a picture's header says: its format, and its size once it stands upright."""

    format: str
    width: int
    height: int


class BadPicture(XaiError):
    """A picture that is not decoded; the text is a few words that follow its name."""


def look(data: bytes) -> Seen:
    """Return what the header says, without decoding.

    Raises
    ------
    BadPicture
        If it is no picture of a known format, cut short, too large or too small.
    """
    with _opened(data) as picture:
        width, height = picture.size
        if _is_turned(picture):
            width, height = height, width
        if not _is_whole(data, picture.format or ""):
            raise BadPicture("is cut short")
        return Seen(picture.format or "", width, height)


def decode(data: bytes) -> Image.Image:
    """Return the picture, upright, in red, green and blue; of an animation the first frame.

    Raises
    ------
    BadPicture
        As `look`, and if its content is damaged.
    """
    with _opened(data) as picture:
        try:
            with warnings.catch_warnings():
                # Odd tags of the camera are no reason to complain.
                warnings.simplefilter("ignore")
                picture.load()
                return ImageOps.exif_transpose(picture).convert("RGB")
        except MemoryError:
            raise
        except (OSError, ValueError, SyntaxError, struct.error, IndexError, KeyError, TypeError,
                OverflowError) as error:  # fmt: skip
            raise BadPicture("is damaged") from error


def levels(data: bytes) -> NDArray[np.uint8]:
    """Return the brightness of a mask, (height, width); of a palette the numbers of its colours.

    Raises
    ------
    BadPicture
        As `decode`.
    """
    with _opened(data) as picture:
        try:
            picture.load()
            plain = picture if picture.mode in {"P", "L"} else picture.convert("L")
            return np.asarray(plain, dtype=np.uint8)
        except MemoryError:
            raise
        except (OSError, ValueError, SyntaxError, struct.error, IndexError, KeyError, TypeError,
                OverflowError) as error:  # fmt: skip
            raise BadPicture("is damaged") from error


def _opened(data: bytes) -> Image.Image:
    if len(data) > MOST_BYTES:
        raise BadPicture(f"is larger than {MOST_BYTES >> 20} MB")
    # Pillow's own guard stands behind ours; its warning would be only printed.
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture = Image.open(io.BytesIO(data), formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise BadPicture(f"has more than {MOST_PIXELS // 1_000_000} million pixels") from None
    except UnidentifiedImageError:
        raise BadPicture("is no PNG, JPEG or WebP picture") from None
    except MemoryError:
        raise
    except (OSError, ValueError, SyntaxError, struct.error, IndexError, KeyError):
        raise BadPicture("is cut short or damaged") from None
    _check(picture)
    return picture


def _check(picture: Image.Image) -> None:
    width, height = picture.size
    if width * height > MOST_PIXELS:
        raise BadPicture(f"has more than {MOST_PIXELS // 1_000_000} million pixels")
    if min(width, height) < SMALLEST_SIDE:
        raise BadPicture(f"has {width} × {height} pixels, and {SMALLEST_SIDE} a side are needed")
    if picture.mode in _DEEP:
        raise BadPicture("has more than 8 bits a colour")


def _is_turned(picture: Image.Image) -> bool:
    """Return whether the camera lay on its side, without decoding for it."""
    if picture.format == "PNG" and "exif" not in picture.info:
        return False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return picture.getexif().get(_ORIENTATION) in _TURNED
    except (OSError, ValueError, SyntaxError, struct.error, IndexError, KeyError, TypeError):
        return False


def _is_whole(data: bytes, form: str) -> bool:
    """Return whether the end of the file is there; some programs write more behind it."""
    if form == "PNG":
        return _PNG_END in data[-65_536:]
    if form == "JPEG":
        return b"\xff\xd9" in data[-65_536:]
    return len(data) >= int.from_bytes(data[4:8], "little") + 8
