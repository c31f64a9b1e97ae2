"""Places: which letters of a message say where, by a conditional random field over its tokens."""

import re
from pathlib import Path
from typing import Any

import importer
import pycrfsuite
from rasa.engine.storage.resource import Resource
from rasa.nlu.constants import TOKENS_NAMES
from rasa.nlu.tokenizers.tokenizer import Token
from rasa.shared.nlu.constants import ENTITIES, INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from components.learnt import Learnt

_MODEL = "places.crfsuite"
_HOUSE = set("栋幢楼座号单元室层梯期弄户排苑舍#")
_AREA = set(
    "路街巷道桥河湖园区村镇乡县市省店馆站院校场厅库棚亭门口坪社组屯庄寨湾广角头边侧旁前后里内外东西南北中"
)
_NUMBER = set("零〇一二三四五六七八九十百两甲乙丙丁壹贰叁肆伍陆柒捌玖拾")
_ENGLISH = {
    "block", "building", "bldg", "blk", "unit", "flat", "apartment", "apt", "floor", "tower", "street",
    "st", "road", "rd", "avenue", "ave", "lane", "drive", "dr", "gate", "house", "room", "stairwell",
    "lobby", "basement", "garage", "park", "square", "plaza", "market", "station", "court", "close",
    "place", "boulevard", "blvd", "corner", "entrance", "exit", "village", "estate", "phase", "wing",
    "north", "south", "east", "west",
}  # fmt: skip
_BLANK = re.compile(r"\s*")


def _kind(token: str) -> str:
    """Return the class of a token: what house numbers, roads and gates are made of."""
    if token.isdigit():
        return f"digits{min(len(token), 4)}"
    for kind, members in (("house", _HOUSE), ("area", _AREA), ("number", _NUMBER), ("english", _ENGLISH)):
        if token in members:
            return kind
    if token.isascii() and token.isalpha():
        return "letter" if len(token) == 1 else "word"
    return "hanzi" if token.isalpha() else "sign"


def _shown(token: str) -> str:
    """Return a token as the field sees it: one number is like another."""
    return "0" * min(len(token), 4) if token.isdigit() else token


def _clues(tokens: list[Token]) -> list[list[str]]:
    """Return what the field knows of each token: itself and its neighbours, alone and joined."""
    edge = ["^", "^", "^"]
    words = [*edge, *(_shown(t.text) for t in tokens), "$", "$", "$"]
    kinds = [*edge, *(_kind(t.text) for t in tokens), "$", "$", "$"]
    clues = []
    for at in range(3, len(tokens) + 3):
        own = [f"w{step}={words[at + step]}" for step in range(-3, 4)]
        own += [f"k{step}={kinds[at + step]}" for step in range(-2, 3)]
        own += [f"ww{step}={words[at + step]}|{words[at + step + 1]}" for step in range(-2, 2)]
        own += [f"kk{step}={kinds[at + step]}|{kinds[at + step + 1]}" for step in range(-2, 2)]
        own += [
            f"kkk={kinds[at - 1]}|{kinds[at]}|{kinds[at + 1]}",
            f"www={words[at - 1]}|{words[at]}|{words[at + 1]}",
        ]
        clues.append(own)
    return clues


def _tags(tokens: list[Token], entities: list[dict[str, Any]]) -> list[str]:
    """Return B, I or O for each token; a token that only touches a place belongs to it."""
    tags = ["O"] * len(tokens)
    for entity in entities:
        inside = [n for n, t in enumerate(tokens) if t.start < entity["end"] and entity["start"] < t.end]
        for n in inside:
            tags[n] = "I"
        if inside:
            tags[inside[0]] = "B"
    return tags


def _spans(text: str, tokens: list[Token], tags: list[str]) -> list[tuple[int, int]]:
    """Return (start, end) of every place; places with nothing but blanks between them are one."""
    spans: list[tuple[int, int]] = []
    for token, tag in zip(tokens, tags, strict=True):
        if tag == "O":
            continue
        if spans and _BLANK.fullmatch(text, spans[-1][1], token.start):
            spans[-1] = (spans[-1][0], token.end)
        else:
            spans.append((token.start, token.end))
    return spans


class PlaceExtractor(Learnt):
    """Finds the places; their value is the text as sent, letter by letter."""

    def __init__(self, *made_of: Any) -> None:
        super().__init__(*made_of)
        self._model = b""
        self._tagger: pycrfsuite.Tagger | None = None

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return the two penalties (c1 drops clues, c2 keeps weights small) and the rounds of training.

        Of the messages without a place only each `every`-th teaches: there are four of them to one with a place.
        """
        return {"c1": 0.05, "c2": 0.05, "rounds": 60, "every": 3}

    def take_up(self, folder: Path) -> None:
        """Read the field."""
        self._model = (folder / _MODEL).read_bytes()
        # The tagger reads these bytes as long as it lives and does not hold them itself.
        self._tagger = pycrfsuite.Tagger()
        self._tagger.open_inmemory(self._model)

    def train(self, training_data: TrainingData) -> Resource:
        """Learn from the examples with places, and from some without."""
        trainer = pycrfsuite.Trainer(algorithm="lbfgs", verbose=False)
        trainer.set_params(
            {"c1": self._config["c1"], "c2": self._config["c2"], "max_iterations": self._config["rounds"]}
        )
        for number, message in enumerate(training_data.training_examples):
            tokens, places = message.get(TOKENS_NAMES[TEXT]), message.get(ENTITIES, [])
            # Nobody marked places in a city's own records, and the mere names of categories have none.
            if not tokens or not message.get(INTENT) or not importer.taught(message).get("marked", True):
                continue
            if places or number % self._config["every"] == 0:
                trainer.append(_clues(tokens), _tags(tokens, places))
        with self._storage.write_to(self._resource) as folder:
            trainer.train(str(folder / _MODEL))
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        """Write the places of every message into its `entities`."""
        for message in messages:
            found = [self._entity(message.get(TEXT), span) for span in self.find(message)]
            message.set(ENTITIES, found, add_to_output=True)
        return messages

    def find(self, message: Message) -> list[tuple[int, int]]:
        """Return (start, end) of every place of a message that has its tokens."""
        tokens = message.get(TOKENS_NAMES[TEXT]) or []
        tags = self._tagger.tag(_clues(tokens)) if tokens and self._tagger else []
        return _spans(message.get(TEXT), tokens, tags)

    def _entity(self, text: str, span: tuple[int, int]) -> dict[str, Any]:
        start, end = span
        return {
            "entity": "location",
            "value": text[start:end],
            "start": start,
            "end": end,
            "extractor": type(self).__name__,
        }
