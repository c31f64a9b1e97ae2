"""Rules of living through a transcript: what each message teaches, with a teacher and by what was learnt."""

import pytest
from components.lived import KINDS, Linker, Lived, Scorer
from components.side_by_side import side_by_side

from actions.reading import Guess, Intent, Reading, Span

SILENCE, NEW, LATEST, BEFORE = range(4)
POWER, LIFT = 1, 4
SAID = [
    ("王姨", "resident", None, "3号楼停电了", "report", "utilities.power", "3号楼", None),
    ("小李", "resident", None, "我家也是", "second", None, None, POWER),
    ("老周", "resident", None, "晚上吃什么", "chatter", None, None, None),
    ("老周", "resident", None, "5号楼门禁坏了", "report", "housing.common_facilities", "5号楼", None),
    ("物业", "property", 1, "电工在路上", "chatter", None, None, None),
    ("王姨", "resident", None, "三楼有火花", "detail", None, None, POWER),
    ("赵哥", "resident", None, "门禁的屏也黑了", "detail", None, None, LIFT),
    ("小李", "resident", None, "几点来电", "urge", None, None, POWER),
    ("赵哥", "resident", None, "水费去哪交", "consult", None, None, None),
    ("王姨", "resident", None, "来电了谢谢", "resolved", None, None, POWER),
]
RIGHT = [NEW, LATEST, SILENCE, NEW, SILENCE, BEFORE, BEFORE, BEFORE, SILENCE, LATEST]
"""Which option is right, line by line: the case spoken of last, or the one before it."""


def rows():
    found = []
    for number, (sender, role, quotes, text, intent, category, place, about) in enumerate(SAID, 1):
        row = {"id": number, "at": f"2026-03-05T07:{number:02}:00", "sender": sender, "role": role}
        row |= {"reply_to": quotes, "kind": "text", "text": text, "intent": intent, "category": category}
        found.append(row | {"location": [place] if place else [], "urgency": "normal", "refers_to": about})
    return found


def reading(row):
    places = tuple(Span(0, len(place), place) for place in row["location"])
    categories = (Guess(row["category"] or "other.other", 0.9),)
    intents = (Guess(row["intent"], 0.9), Guess("chatter", 0.1))
    return Reading(Intent(row["intent"]), 0.9, categories, locations=places, intents=intents)


@pytest.fixture
def lived():
    return Lived(rows(), {row["id"]: reading(row) for row in rows()})


def test_the_teacher_knows_what_each_message_is_about(lived):
    lessons = lived.taught(frozenset())
    assert [lesson.options[1] for lesson in lessons] == RIGHT


def test_what_joins_a_case_teaches_what_it_is_to_it(lived):
    lessons = lived.taught(frozenset())
    kinds = [KINDS[lesson.kinds[1]] if lesson.kinds else None for lesson in lessons]
    joined = [Intent(said[4]) if right >= LATEST else None for said, right in zip(SAID, RIGHT, strict=True)]
    assert kinds == joined


def test_every_option_that_could_be_chosen_is_described(lived):
    # The door of another building cannot be the power cut: see Listening.
    for lesson, cases in zip(lived.taught(frozenset()), (0, 1, 1, 0, *[2] * 6), strict=True):
        silence, new, *joins = lesson.options[0]
        assert (silence, len(joins)) == ({}, cases)
        assert all(name.startswith("new ") for name in new)
        assert all(name.startswith("join ") for join in joins for name in join)


def test_words_too_common_to_tell_anything_are_left_out(lived):
    def shared(common):
        return lived.taught(common)[7].options[0][BEFORE]["join words share"]

    assert shared(frozenset()) >= shared(frozenset({"来电", "几点", "停电"}))


def test_a_pupil_that_missed_a_report_learns_to_keep_silent_about_it(lived):
    deaf = Linker(Scorer({"new resident": [-99.0]}), Scorer({}))
    lessons = lived.tried(deaf)
    reports = [n for n, said in enumerate(SAID) if said[4] == "report"]
    assert [n for n, lesson in enumerate(lessons) if lesson.options[1] == NEW] == reports
    assert all(lesson.options[1] == SILENCE for n, lesson in enumerate(lessons) if n not in reports)
    assert not any(lesson.kinds for lesson in lessons)


def test_a_pupil_that_opened_a_case_for_nothing_learns_to_stay_away_from_it(lived):
    eager = Linker(Scorer({"new resident": [99.0], "new staff": [99.0]}), Scorer({}))
    lessons = lived.tried(eager)
    assert len(lessons[-1].options[0]) > 4, "everything is a case now"
    assert lessons[2].options[1] == SILENCE
    assert lessons[1].options[1] == LATEST, "the true one is still the right one to join"


# --- side by side ---


def test_pieces_come_back_in_their_order():
    assert side_by_side([lambda n=n: n * n for n in range(7)]) == [n * n for n in range(7)]
    assert side_by_side([lambda: 3]) == [3]
    assert side_by_side([]) == []


def test_what_a_piece_raises_is_raised():
    def fails():
        raise ValueError("this piece")

    with pytest.raises(ValueError, match="this piece"):
        side_by_side([lambda: 1, fails])
