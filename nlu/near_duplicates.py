"""Near-duplicates: which texts say the same in nearly the same letters. For `python -m examples check` only.

A text is compared by its letters alone: folded as the model reads them, without signs, blanks and digits, so two
texts that differ in numbers only are the same. Anybody may say 好的收到 or 哈哈哈哈哈哈哈哈: what has fewer than
LETTERS letters, or fewer than three different ones, is the same as nothing.
"""

import re
from collections.abc import Iterator, Sequence

import numpy as np
from components.letters import plain
from sklearn.feature_extraction.text import CountVectorizer

LETTERS = 8
OVERLAP = 0.85
_ROWS_AT_ONCE = 500
_NO_LETTER = re.compile(r"[\W\d_]+")


def letters(text: str) -> str:
    """Return what of `text` is compared; nothing of a text that anybody may say."""
    bare = _NO_LETTER.sub("", plain(text))
    return bare if len(bare) >= LETTERS and len(set(bare)) > 2 else ""


def pairs(texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield (earlier, later) of all texts whose sets of three-letter strings overlap by OVERLAP (Jaccard)."""
    bare = [letters(text) for text in texts]
    at = np.array([number for number, text in enumerate(bare) if text])
    if len(at) < 2:
        return
    grams = CountVectorizer(analyzer="char", ngram_range=(3, 3), lowercase=False, binary=True, dtype=np.int32)
    held = grams.fit_transform([bare[number] for number in at])
    sizes, across = np.diff(held.indptr), held.T.tocsr()
    for first in range(0, len(at), _ROWS_AT_ONCE):  # the whole product would not fit into memory
        shared = (held[first : first + _ROWS_AT_ONCE] @ across).tocoo()
        row, column = shared.row + first, shared.col
        alike = (row < column) & (shared.data >= OVERLAP * (sizes[row] + sizes[column] - shared.data))
        yield from zip(at[row[alike]].tolist(), at[column[alike]].tolist(), strict=True)
