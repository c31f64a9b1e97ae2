"""Numbers that identify a person: wherever something leaves the program, they are struck out, but where a car has to be found."""

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.confidentiality import CARS, Audience, words_for
from actions.mask import HIDDEN, mask
from bot.log import recording
from bot.trace_export import TraceExport
from tests.town import GROUP, Town, report

PHONE, IDENTITY, CARD, PLATE = "13812345678", "11010519491231002X", "6222021234567894", "京A12345"
SECRETS = (PHONE, IDENTITY, CARD, PLATE)
WORDS = f"3号楼电梯坏了，打我电话{PHONE}，身份证{IDENTITY}，卡号{CARD}，车牌{PLATE}"
PARKED = f"3号楼门口{PLATE}堵住了，打我电话{PHONE}"


def luhn(digits: str) -> str:
    """The digits with the one that makes them a card's number."""
    doubled = [sum(divmod(2 * int(digit), 10)) for digit in digits[::-2]]
    return digits + str(-(sum(map(int, digits[-2::-2])) + sum(doubled)) % 10)


digits = st.text("0123456789", min_size=8, max_size=8)
phones = st.builds(
    lambda head, rest: f"1{head}{rest}", st.sampled_from([*map(str, range(30, 40)), "58", "77", "99"]), digits
).map(lambda number: number[:11])
cards = st.builds(luhn, st.text("0123456789", min_size=14, max_size=17).map(lambda rest: f"6{rest}"))
identities = st.builds(
    lambda region, year, month, day, rest, last: f"{region}{year}{month:02}{day:02}{rest:03}{last}",
    st.sampled_from(["110105", "310104", "440305", "510107"]),
    st.integers(1930, 2020),
    st.integers(1, 12),
    st.integers(1, 28),
    st.integers(0, 999),
    st.sampled_from("0123456789X"),
)
letters = st.sampled_from("ABCDEFGHJKLMNPQRSTUVWXYZ")
plates = st.builds(
    lambda province, city, first, rest: f"{province}{city}{first}{rest}",
    st.sampled_from("京津沪渝冀豫云辽黑湘皖鲁苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"),
    letters,
    letters,
    st.integers(0, 9999).map("{:04}".format),
)
around = st.text("楼电梯坏了，。！ 请打\n", max_size=8)


@given(st.one_of(phones, cards, identities, plates), around, around)
def test_a_number_is_struck_out_wherever_it_stands(number, before, after):
    masked = mask(f"{before}{number}{after}")
    assert number not in masked
    assert HIDDEN in masked
    assert masked.startswith(before.rstrip()) or not before.strip()


@given(plates, phones)
def test_a_plate_may_stay_but_nothing_else(plate, phone):
    masked = mask(f"{plate}堵住了，打{phone}", plates=False)
    assert plate in masked
    assert phone not in masked


def none_in(text: str, secrets: tuple[str, ...] = SECRETS) -> None:
    assert [secret for secret in secrets if secret in text] == []


async def a_town(words: str = WORDS, category: str = "housing.elevator") -> Town:
    town = Town({words: report(category, "3号楼")})
    await town.say(f"王{PHONE}", words)
    return town


async def test_nothing_that_the_bot_says_or_files_has_a_number_in_it():
    town = await a_town()
    await town.dispatch_says("accepted", f"请联系{PHONE}")
    none_in("\n".join(town.texts))
    [filing] = town.dispatch.filed
    none_in(str(filing))


async def test_logs_metrics_and_dead_letters_have_none_either(tmp_path):
    stream = io.StringIO()
    with recording(tmp_path, stream=stream):
        town = await a_town()
        await town.flow.heard("memory", GROUP, "poison", {"id": WORDS})
        await town.settle()
    none_in(stream.getvalue())
    assert "poison" in stream.getvalue()
    [letter] = await town.state.dead(9)
    none_in(letter.reason)
    none_in(town.house.metrics.render().decode())


async def test_an_export_has_none():
    town = await a_town()
    lines = [line async for line in TraceExport(town.state, "key").lines([GROUP])]
    none_in(json.dumps(lines, ensure_ascii=False))


@pytest.mark.parametrize("category", CARS)
async def test_who_must_find_a_car_is_told_its_plate_and_the_group_is_not(category):
    town = await a_town(PARKED, category)
    case = await town.case()
    assert words_for(case, case.text, Audience.STAFF) == words_for(case, case.text, Audience.UNIT)
    assert words_for(case, case.text, Audience.UNIT) == f"3号楼门口{PLATE}堵住了，打我电话{HIDDEN}"
    for audience in (Audience.GROUP, Audience.REPORTER, Audience.EXPORT):
        none_in(words_for(case, case.text, audience))
    none_in("\n".join(town.texts))


async def test_of_any_other_matter_nobody_is_told_a_plate():
    town = await a_town()
    case = await town.case()
    for audience in Audience:
        none_in(words_for(case, case.text, audience))
