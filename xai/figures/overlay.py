"""A map of attributions for the page to paint over a picture: one signed byte per unit."""

from __future__ import annotations

import base64
import struct
import zlib
from dataclasses import dataclass

import numpy as np

from xai.vocabulary import Floats

END = 127
"""Byte at the end of the scale."""

Colour = tuple[int, int, int]
RAISES, LOWERS, SIZE = (178, 24, 43), (33, 102, 172), (38, 128, 122)
"""Colours of a painted file; a page has its own, for light and dark."""


@dataclass(frozen=True, slots=True)
class Overlay:
    """What one method says of a picture.

    Attributes
    ----------
    data : str
        Bytes of `shape`, row by row, -127 to 127 for -end to end, in base64.
    end : float
        Value at the end of the scale.
    """

    shape: tuple[int, int]
    data: str
    end: float


def quantise(values: Floats, shape: tuple[int, int], end: float) -> Overlay:
    """Return a map as signed bytes; what is not a number or beyond the end is cut to it."""
    return Overlay(shape, base64.b64encode(_bytes(values, end).tobytes()).decode("ascii"), end)


def png(values: Floats, shape: tuple[int, int], end: float, *, is_signed: bool) -> str:
    """Return a map as a transparent PNG in base64: the stronger, the less transparent."""
    level = _bytes(values, end).reshape(shape).astype(np.int16)
    picture = np.zeros((*shape, 4), dtype=np.uint8)
    picture[level > 0, :3] = RAISES if is_signed else SIZE
    picture[level < 0, :3] = LOWERS
    picture[..., 3] = np.abs(level) * 2
    return base64.b64encode(_png(picture)).decode("ascii")


def _bytes(values: Floats, end: float) -> np.ndarray:
    scaled = np.nan_to_num(values) / end if end > 0 else np.zeros(len(values))
    return np.asarray(np.round(np.clip(scaled, -1, 1) * END), dtype=np.int8)


def _png(picture: np.ndarray) -> bytes:
    """Write red, green, blue and alpha by the PNG specification: header, pixels, end."""
    height, width = picture.shape[:2]
    rows = np.concatenate([np.zeros((height, 1), np.uint8), picture.reshape(height, -1)], axis=1)
    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows.tobytes(), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in parts
    )
