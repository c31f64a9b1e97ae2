"""Product: rows times weights, for rows as few as a batch has.

OpenBLAS prepares the weights anew for every product, which with few rows takes longer than the product. Where the
processor has AVX-512 it knows a way without that, for small matrices only; so the product is made of small ones.
"""

import numpy as np
from threadpoolctl import threadpool_info

_KNOW_SMALL = {"SkylakeX", "Cooperlake", "SapphireRapids"}
_SMALL = 100**3
"""Multiplications; beyond that a matrix is not small."""
_TOGETHER = 16
"""Rows; more at once would have to be cut thinner."""
_FEW = 8
"""Rows that are faster one by one where no way for small matrices is known."""


def knows_small() -> bool:
    """Say whether numpy's OpenBLAS has a way of its own for small matrices on this machine."""
    return any(library.get("architecture") in _KNOW_SMALL for library in threadpool_info())


_IN_PARTS = knows_small()


def product(rows: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return rows times weights."""
    if len(rows) <= 1:
        return rows @ weights
    if _IN_PARTS:
        return in_parts(rows, weights)
    return np.stack([row @ weights for row in rows]) if len(rows) <= _FEW else rows @ weights


def in_parts(rows: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return rows times weights as a sum of small products: all rows by some of the weights, then by the next."""
    depth, width = weights.shape
    some = -(-depth // -(-min(len(rows), _TOGETHER) * weights.size // _SMALL))
    found = np.zeros((len(rows), width), np.float32)
    for top in range(0, depth, some):
        part = weights[top : top + some]
        for first in range(0, len(rows), _TOGETHER):
            found[first : first + _TOGETHER] += rows[first : first + _TOGETHER, top : top + some] @ part
    return found
