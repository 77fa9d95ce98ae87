"""Sets of numbers as bits, and bits as few bytes."""

import zlib
from collections.abc import Iterable, Sequence

_CHUNK = 512  # bits


def as_chunks(places: Sequence[int]) -> tuple[int, ...]:
    """Few bits far apart: where some begin, these bits, where more begin, and so on."""
    chunks: list[int] = []
    left = sorted(places)
    while left:
        near = [place for place in left if place < left[0] + _CHUNK]
        chunks += [near[0], as_bits(place - near[0] for place in near)]
        left = left[len(near) :]
    return tuple(chunks)


def unpack(packed: bytes) -> int:
    """Bits that were packed: a twentieth of their size, as most of them are 0."""
    return int.from_bytes(zlib.decompress(packed), "little")


def pack(bits: int) -> bytes:
    return zlib.compress(bits.to_bytes((bits.bit_length() + 7) // 8, "little"), 9)


def as_bits(places: Iterable[int]) -> int:
    bits = 0
    for place in places:
        bits |= 1 << place
    return bits


def bits_of(mask: int) -> list[int]:
    found = []
    while mask:
        lowest = mask & -mask
        mask ^= lowest
        found.append(lowest.bit_length() - 1)
    return found
