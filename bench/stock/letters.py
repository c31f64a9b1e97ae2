"""Our tokens for stock Rasa, which has none for Chinese without a further library."""

from components.tokens import LetterTokenizer
from rasa.engine.recipes.default_recipe import DefaultV1Recipe


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_TOKENIZER, is_trainable=False)
class Letters(LetterTokenizer):
    """Cuts a message into letters, words and numbers."""
