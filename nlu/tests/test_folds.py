"""Rules of the folds: nobody reads a transcript that they learnt from."""

import numpy as np
from components import folds


class Message(dict):
    """As much of Rasa's message as the folds look at."""

    def __init__(self, group):
        super().__init__({"metadata": {"example": {"group": group}} if group else {}})


def messages(*groups):
    return [Message(group) for group in groups]


def test_messages_of_one_transcript_are_in_one_fold_and_single_ones_in_none():
    found = folds.folds_of(messages("b", "a", "", "a", "c", "b"))
    assert found.tolist() == [1, 0, folds.SINGLE, 0, 0, 1]


def test_folds_need_transcripts_enough():
    assert not folds.enough(messages("a", "b", "", "a"))
    assert folds.enough(messages(*"abcd", ""))
    assert not folds.enough([])


def test_every_fold_is_found_whatever_the_order():
    groups = np.random.default_rng(1).choice(list("abcdef"), 50).tolist()
    found = folds.folds_of(messages(*groups))
    assert set(found.tolist()) == set(range(folds.FOLDS))
    assert all(
        len({fold for fold, group in zip(found, groups, strict=True) if group == one}) == 1
        for one in set(groups)
    )
