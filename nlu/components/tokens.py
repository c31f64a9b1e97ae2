"""Tokens: one for each Chinese letter, Latin word, run of digits and sign, with offsets of the original."""

from typing import Any

from rasa.nlu.tokenizers.tokenizer import Token, Tokenizer
from rasa.shared.nlu.training_data.message import Message

from components.letters import pieces


class LetterTokenizer(Tokenizer):
    """Cuts a message so that a place can begin and end at any Chinese letter."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return what Rasa's base class asks for; intents are never split here."""
        return {"intent_tokenization_flag": False, "intent_split_symbol": "_"}

    def tokenize(self, message: Message, attribute: str) -> list[Token]:
        """Return the tokens; their text is folded, their offsets are those of the text as sent."""
        return [Token(text, start, end) for start, end, text in pieces(message.get(attribute))]
