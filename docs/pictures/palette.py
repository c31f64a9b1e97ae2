"""PNGs with a palette: what a browser draws in a few hundred colours, in a third of the bytes."""

# ruff: noqa: INP001 - it belongs to a command

import struct
import zlib
from collections import Counter
from collections.abc import Iterator

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_COLOURS = 256
_CHANNELS = {2: 3, 6: 4}
"""Bytes of a pixel by the kind of picture: with or without transparency, which is dropped."""
Colour = tuple[int, int, int]


def with_palette(png: bytes) -> bytes:
    """The same picture in at most 256 colours. Raises ValueError for a PNG that is not of eight bits a channel."""
    parts = dict[bytes, bytes]()
    for name, body in _chunks(png):
        parts[name] = parts.get(name, b"") + body
    width, height, bits, kind, _, _, laced = struct.unpack(">IIBBBBB", parts[b"IHDR"])
    if bits != 8 or kind not in _CHANNELS or laced:
        raise ValueError("only plain pictures of eight bits a channel can be reduced")
    rows = list(_rows(zlib.decompress(parts[b"IDAT"]), width, _CHANNELS[kind]))
    colours = [
        colour for colour, _ in Counter(colour for row in rows for colour in row).most_common(_COLOURS)
    ]
    places = {colour: place for place, colour in enumerate(colours)}
    lines = b"".join(b"\0" + bytes(_place(colour, colours, places) for colour in row) for row in rows)
    head = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    palette = b"".join(map(bytes, colours))
    body = ((b"IHDR", head), (b"PLTE", palette), (b"IDAT", zlib.compress(lines, 9)), (b"IEND", b""))
    return _SIGNATURE + b"".join(_chunk(name, content) for name, content in body)


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(_SIGNATURE)
    while at < len(png):
        (size,) = struct.unpack(">I", png[at : at + 4])
        yield png[at + 4 : at + 8], png[at + 8 : at + 8 + size]
        at += size + 12


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def _rows(packed: bytes, width: int, channels: int) -> Iterator[list[Colour]]:
    size, before = width * channels, bytearray(width * channels)
    for start in range(0, len(packed), size + 1):
        line = bytearray(packed[start + 1 : start + 1 + size])
        _unfilter(packed[start], line, before, channels)
        yield [_softened(line[n], line[n + 1], line[n + 2]) for n in range(0, size, channels)]
        before = line


def _softened(*channels: int) -> Colour:
    """A colour like others near it: steps of eight, which nobody sees."""
    red, green, blue = (min(255, (one + 4) // 8 * 8) for one in channels)
    return red, green, blue


def _unfilter(how: int, line: bytearray, before: bytearray, back: int) -> None:
    """Undo what the standard calls None, Sub, Up, Average and Paeth."""
    for n in range(len(line)):
        left, up = (line[n - back] if n >= back else 0), before[n]
        if how == 1:
            line[n] = (line[n] + left) & 255
        elif how == 2:
            line[n] = (line[n] + up) & 255
        elif how == 3:
            line[n] = (line[n] + (left + up) // 2) & 255
        elif how == 4:
            line[n] = (line[n] + _paeth(left, up, before[n - back] if n >= back else 0)) & 255


def _paeth(left: int, up: int, corner: int) -> int:
    guess = left + up - corner
    return min((left, up, corner), key=lambda one: abs(guess - one))


def _place(colour: Colour, colours: list[Colour], places: dict[Colour, int]) -> int:
    """Where a colour stands in the palette, or the one next to it."""
    if colour not in places:
        near = [sum((a - b) ** 2 for a, b in zip(colour, one, strict=True)) for one in colours]
        places[colour] = near.index(min(near))
    return places[colour]
