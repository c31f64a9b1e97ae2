"""Confidentiality: the table as it was settled, cell by cell, and what follows from it."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from actions.assignment import Assignment, Secrecy
from actions.confidentiality import (
    TABLE,
    Audience,
    Field,
    audience_of,
    hidden,
    is_confidential,
    place_for,
    secrecy_of,
    sees,
    shown,
)
from actions.levels import Level
from tests.actions.stories import AUNT, FILED, PHOTO, POINT, Story

PAGE = Path(__file__).parents[2] / "docs" / "confidentiality.md"
# Written by hand: G group, R reporter, S staff, U unit, E export; a digit is the highest secrecy, - is never.
GOLDEN = """
          G R S U E
number    1 2 2 2 2
category  1 2 2 2 1
stage     1 2 2 2 2
place     1 2 2 2 1
flat      0 2 2 2 -
point     - - 2 2 -
words     0 2 2 2 -
name      0 2 2 - -
evidence  0 2 2 2 -
note      0 2 2 2 -
unit      1 2 2 2 2
handler   1 2 2 2 -
marks     1 2 2 2 2
people    1 2 2 2 1
"""
CASE = replace(
    Story(*FILED).now,
    text="楼上半夜拖椅子，找我13812345678",
    place="3栋2单元501",
    point=POINT,
    reporter_name="钱阿姨",
    attachments=(PHOTO,),
    note="已约谈",
    handler_name="孟姐",
    scores=((AUNT, 4),),
    followers=("memory:a",),
)


def of(secrecy, **more):
    said = Assignment(matter="m", list_version="1", level=Level.STREET, unit="街道办", secrecy=secrecy)
    private = secrecy is Secrecy.CONFIDENTIAL
    return replace(CASE, assignment=said, private=private, **more)


def golden():
    head, *rows = (line.split() for line in GOLDEN.strip().splitlines())
    letters = {each.value[0].upper(): each for each in Audience}
    for field, *cells in rows:
        for letter, cell in zip(head, cells, strict=True):
            yield letters[letter], Field(field), None if cell == "-" else Secrecy(int(cell))


def test_the_table_is_as_it_was_settled():
    assert {(who, field): most for who, fields in TABLE.items() for field, most in fields.items()} == {
        (who, field): most for who, field, most in golden()
    }
    assert len(list(golden())) == len(Audience) * len(Field)


@pytest.mark.parametrize(("who", "field", "most"), list(golden()))
def test_a_field_is_seen_up_to_the_secrecy_in_its_cell(who, field, most):
    assert [sees(who, field, each) for each in Secrecy] == [
        most is not None and each <= most for each in Secrecy
    ]


def test_nobody_sees_more_of_what_is_more_confidential():
    for who in Audience:
        seen = [{field for field in Field if sees(who, field, each)} for each in Secrecy]
        assert seen[0] >= seen[1] >= seen[2]


def test_of_what_is_confidential_the_group_sees_nothing():
    assert not any(sees(Audience.GROUP, field, Secrecy.CONFIDENTIAL) for field in Field)


@pytest.mark.parametrize("secrecy", Secrecy)
def test_what_is_shown_is_what_the_table_allows(secrecy):
    for who in Audience:
        assert set(shown(of(secrecy), who)) == {field for field in Field if sees(who, field, secrecy)}


def test_no_export_ever_holds_words_names_flats_or_points():
    for secrecy in Secrecy:
        told = " ".join(shown(of(secrecy), Audience.EXPORT).values())
        assert not any(word in told for word in ("拖椅子", "钱阿姨", "501", "30.25", "孟姐", "已约谈"))


def test_a_number_that_identifies_is_masked_for_everybody():
    assert not any("1381234" in value for who in Audience for value in shown(of(Secrecy.OPEN), who).values())


def test_a_place_is_shown_whole_to_the_building_or_not_at_all():
    places = [place_for(of(secrecy), Audience.GROUP) for secrecy in Secrecy]
    assert places == ["3栋2单元501", "3栋", ""]
    assert place_for(of(Secrecy.INTERNAL, place="钱阿姨家"), Audience.GROUP) == ""
    assert place_for(of(Secrecy.CONFIDENTIAL), Audience.UNIT) == "3栋2单元501"


def test_a_private_case_is_confidential_whatever_its_matter():
    assert secrecy_of(replace(of(Secrecy.OPEN), private=True)) is Secrecy.CONFIDENTIAL
    assert secrecy_of(replace(CASE, assignment=None)) is Secrecy.OPEN
    assert [secrecy_of(of(each)) for each in Secrecy] == list(Secrecy)


def test_a_chat_of_ones_own_hides_nothing_and_dispatch_is_told_all_the_same():
    alone = replace(of(Secrecy.CONFIDENTIAL), private=False, group=CASE.reporter)
    assert audience_of(alone) is Audience.REPORTER
    assert (hidden(alone), is_confidential(alone)) == (False, True)
    assert [hidden(of(each)) for each in Secrecy] == [False, False, True]


def test_the_page_in_docs_says_what_the_table_says():
    words = {"公开": Secrecy.OPEN, "内部": Secrecy.INTERNAL, "保密": Secrecy.CONFIDENTIAL, "—": None}
    rows = re.findall(r"^\| `(\w+)` \|[^|]*\| (.+) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    told = {
        Field(field): tuple(words[cell.split()[0]] for cell in cells.split(" | ")) for field, cells in rows
    }
    assert told == {field: tuple(TABLE[who][field] for who in Audience) for field in Field}
