"""The inspection: what `python -m examples check` says of the data beyond what every training run checks.

- A text of at least eight letters stands once: not again, nor nearly (near_duplicates.py), in any file of the data
  or of the test transcripts. Within one transcript a message may come back letter by letter, as people forward a
  notice again, or grow at its end, as a list does that each signs; otherwise it is our own copy, and a fault.
- A place neither begins nor ends with a blank or a sign (3# and 5号楼(东) are whole), and is no longer than
  PLACE_LETTERS; a report is no longer than REPORT_LETTERS.
- No text holds a mobile number or a number of an identity card; a fault names the line, never the number.
- A transcript has at least MESSAGES messages, at least half of them chatter; else a warning.

A transcript's language is not checked against its name: groups mix them.
"""

import argparse
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import examples
import near_duplicates
import transcripts
from components.letters import plain
from examples import Example

HELD_OUT = examples.HERE.parent / "tests" / "transcripts"
PLACE_LETTERS = 40
REPORT_LETTERS = 400
MESSAGES = 120
_NUMBER = re.compile(r"(?<!\d)(?:1[3-9]\d{9}|\d{17}[\dx])(?!\d)")  # mobile, identity card; letters folded
_WHOLE_PLACE = re.compile(r"#?\w(?:.*[\w#)）])?#?", re.DOTALL)


def faults_of(example: Example) -> Iterator[str]:
    """Yield what is wrong with one example by itself."""
    for start, end in example.places:
        place = example.text[start:end]
        if not _WHOLE_PLACE.fullmatch(place):
            yield f"a place that begins or ends with a blank or a sign: {place!r}"
        if len(place) > PLACE_LETTERS:
            yield f"a place of more than {PLACE_LETTERS} letters: {place}"
    if example.intent == "report" and len(example.text) > REPORT_LETTERS:
        yield f"a report of more than {REPORT_LETTERS} letters: {_shown(example.text)}"
    if _NUMBER.search(plain(example.text)):
        yield "holds the number of a mobile or of an identity card"


def held_out(folder: Path) -> list[Example]:
    """Return the messages of the test transcripts, which no model may learn by heart; [] without the folder."""
    read = transcripts.read_all(folder, examples.categories())
    return [found for found in read if isinstance(found, Example)]


def repeated(taught: list[Example], asked: Iterable[Example] = ()) -> Iterator[str]:
    """Yield what stands nearly or wholly twice in `taught`, or in `taught` and in `asked`."""
    both = [*taught, *asked]
    for first, second in near_duplicates.pairs([example.text for example in both]):
        if first >= len(taught):  # the test transcripts among themselves are no matter of the data
            continue
        earlier, later = both[first], both[second]
        one_group = earlier.group and earlier.group == later.group
        if not (one_group and later.text.startswith(earlier.text)):
            named, like = (later, earlier) if second < len(taught) else (earlier, later)
            yield f"{named.source}: says nearly the same as {like.source}: {_shown(named.text)}"


def _shown(text: str) -> str:
    return _NUMBER.sub("…", plain(text))[:60]


def warnings_of(taught: Iterable[Example]) -> Iterator[str]:
    """Yield which transcripts are too short, or have too little chatter, to sound like a group."""
    intents: dict[str, Counter[str]] = {}
    for example in taught:
        if example.group:
            intents.setdefault(example.group, Counter())[example.intent] += 1
    for path, counts in intents.items():
        messages, chatter = counts.total(), counts["chatter"]
        if messages < MESSAGES:
            yield f"{path}: {messages} messages with words, fewer than {MESSAGES}"
        if 2 * chatter < messages:
            yield f"{path}: {chatter} of {messages} messages are chatter, less than half"


def main(arguments: list[str] | None = None) -> int:
    """Check the data, print the counts, and every fault and warning; 1 when there are faults."""
    parser = argparse.ArgumentParser(prog="examples", description=__doc__)
    parser.add_argument("command", choices=["check"])
    parser.add_argument("--data", type=Path, default=examples.HERE / "data")
    parser.add_argument("--held-out", type=Path, default=HELD_OUT, help="folder of the test transcripts")
    options = parser.parse_args(arguments)
    good, bad = examples.survey(options.data)
    found = [*map(str, bad), *(f"{one.source}: {said}" for one in good for said in faults_of(one))]
    found += repeated(good, held_out(options.held_out))
    print(examples.summary(good))
    for said in found:
        print(said, file=sys.stderr)
    for said in warnings_of(good):
        print(f"warning: {said}", file=sys.stderr)
    return 1 if found or not good else 0
