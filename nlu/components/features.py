"""Features: what the featurizers put on the messages, as matrices with a row a message."""

import numpy as np
from rasa.shared.nlu.training_data.message import Message
from scipy import sparse

# Straight from the list: the getters of a message copy every matrix, which costs more than the models.


def grams_of(messages: list[Message]) -> sparse.csr_matrix:
    """Return one row a message of its grams."""
    grams = [f.features for m in messages for f in m.features if f.is_sparse()]
    return grams[0] if len(grams) == 1 else sparse.vstack(grams, format="csr")


def vectors_of(messages: list[Message]) -> np.ndarray:
    """Return one row a message of its sentence vector and its themes side by side."""
    return np.stack([np.concatenate([f.features[0] for f in m.features if f.is_dense()]) for m in messages])
