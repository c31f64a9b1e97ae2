"""Menus: what a worker is offered, page by page, and never more than a phone shows."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions import facts as f
from actions.assignment import Assignment
from actions.corrections import Step, named, token
from actions.levels import Level
from actions.presses import Verb
from bot.buttons import Buttons
from bot.cards import Writer
from bot.categories import codes_of, every_name, groups, name_of_group
from bot.menus import LONGEST, ROWS, Joined, Menu
from tests.actions.stories import ASKED_WORKER, FILED, Story

BUTTONS = Buttons("secret")
CASE = replace(
    Story(*FILED).now,
    category="housing.elevator",
    categories=("housing.elevator", "housing.common_facilities", "safety.injury"),
)
OTHERS = [replace(CASE, id=f"memory:grid-7:{n}", number=n) for n in range(40, 20, -1)]
HANDLED = replace(Story(*FILED, f.TakenOn).now, category="housing.elevator", raised=2)
MATTERS = [(f"housing.elevator.{n}", f"电梯事项{n}") for n in range(20)]
PEOPLE = [(f"memory:{n}", f"网格员{n}") for n in range(9)]
JOINED = [Joined(f"m{n}", "李叔", "我家也是" * n) for n in range(1, 30)]


def menu(case=CASE, **more):
    return Menu(case, BUTTONS, Writer("zh_CN"), **more)


def labels(rows):
    return [[button.label for button in row] for row in rows]


def meanings(rows):
    return [BUTTONS.read(CASE.group, button.data) for row in rows for button in row]


def test_the_first_page_offers_what_can_be_done():
    assert labels(menu().page(Step.MENU)) == [["改类别", "改地点"], ["现场核实"], ["不是报事", "返回"]]
    assert labels(menu(others=OTHERS, joined=JOINED).page(Step.MENU))[2] == ["合并到…", "拆开"]
    everything = menu(HANDLED, others=OTHERS, joined=JOINED, matters=MATTERS, colleagues=PEOPLE, goes_up=True)
    assert labels(everything.page(Step.MENU)) == [
        ["改类别", "改地点"],
        ["选事项", "现场核实"],
        ["合并到…", "拆开"],
        ["上报一级", "转交…"],
        ["退回…"],
        ["不是报事", "返回"],
    ]


def test_what_waits_for_a_key_can_no_longer_be_put_away():
    case = Story(*FILED, f.WorkDone, ASKED_WORKER).now
    assert labels(menu(case).page(Step.MENU)) == [["改类别", "改地点"], ["现场核实"], ["返回"]]


def test_the_likeliest_categories_come_first_without_the_one_it_has():
    rows = menu().page(Step.CATEGORY)
    assert labels(rows) == [["楼道灯"], ["人员受伤"], ["其他类别…", "返回"]]
    assert named(meanings(rows)[0].argument, every_name()) == "housing.common_facilities"


def test_words_that_fit_several_categories_offer_those():
    rows = menu(choices=("traffic.bus", "traffic.bikes")).page(Step.CATEGORY)
    assert labels(rows)[:2] == [["公交"], ["共享单车"]]


def test_every_category_can_be_reached_from_the_groups():
    found = set()
    for page in range(3):
        for meaning in meanings(menu().page(Step.GROUPS, str(page))):
            if meaning.verb is Step.SET:
                found.add(named(meaning.argument, every_name()))
            elif meaning.verb is Step.CODES:
                codes = meanings(menu().page(Step.CODES, meaning.argument))
                found |= {named(each.argument, every_name()) for each in codes if each.verb is Step.SET}
    assert found == set(every_name())


def test_every_group_has_a_name_of_its_own():
    for lang in ("zh_CN", "en"):
        names = [name_of_group(group, lang) for group in groups()]
        assert len(set(names)) == len(names)
        assert not set(names) & set(groups())
    assert name_of_group("new", "en") == "new"


def test_the_cases_to_merge_into_stand_newest_first_over_pages():
    first = menu(others=OTHERS).page(Step.MERGE)
    assert [meaning.argument for meaning in meanings(first)[:2]] == ["40", "39"]
    assert labels(first)[-1] == ["返回", "下一页"]
    assert meanings(menu(others=OTHERS).page(Step.MERGE, "1"))[0].argument == "33"
    assert meanings(menu(others=OTHERS).page(Step.MERGE, "2"))[-1].argument == "0", "round again"


def test_messages_are_offered_by_their_first_words():
    rows = menu(joined=[Joined("m2", "李叔", "我家打13812345678\n也是"), Joined("m3", "", "")]).page(
        Step.SPLIT
    )
    assert labels(rows)[0] == ["李叔: 我家打***也是"] or "138" not in labels(rows)[0][0]
    assert labels(rows)[1] == ["—: …"]
    assert meanings(rows)[0].argument == token("m2")


@given(st.sampled_from(Step), st.from_regex(r"[0-9a-z-]{0,12}", fullmatch=True))
def test_every_page_fits_a_phone_and_every_button_64_bytes(step, argument):
    lists = {"others": OTHERS, "joined": JOINED, "matters": MATTERS, "colleagues": PEOPLE, "goes_up": True}
    rows = menu(HANDLED, choices=sorted(every_name()), **lists).page(step, argument)
    assert 1 <= len(rows) <= ROWS + 1
    for row in rows:
        assert 1 <= len(row) <= 2
        for button in row:
            assert 1 <= len(button.label) <= LONGEST
            assert len(button.data.encode()) <= 64


@pytest.mark.parametrize("group", groups())
def test_a_group_shows_its_categories(group):
    shown = meanings(menu().page(Step.CODES, f"{token(group)}-0"))
    codes = [named(meaning.argument, every_name()) for meaning in shown if meaning.verb is Step.SET]
    assert codes == list(codes_of(group))


def test_putting_away_is_the_same_button_as_on_the_card():
    assert Verb.DISMISS in {meaning.verb for meaning in meanings(menu().page(Step.MENU))}


# --- what a worker does beside correcting ------------------------------------------------------------------------


def test_the_likeliest_matters_come_first_and_all_of_them_over_pages():
    unsure = replace(HANDLED, matters=("housing.elevator.7", "housing.elevator.3", "gone.since"))
    first = menu(unsure, matters=MATTERS).page(Step.MATTERS)
    assert labels(first) == [["电梯事项7"], ["电梯事项3"], ["全部事项…", "返回"]]
    assert labels(menu(HANDLED, matters=MATTERS).page(Step.MATTERS))[:3] == [
        ["电梯事项0"],
        ["电梯事项1"],
        ["电梯事项2"],
    ]
    codes = dict(MATTERS)
    found = [
        named(meaning.argument, codes)
        for page in range(3)
        for meaning in meanings(menu(HANDLED, matters=MATTERS).page(Step.ALL, str(page)))
        if meaning.verb is Step.MATTER
    ]
    assert found == list(codes)


def test_the_matter_that_it_has_is_marked_unless_that_was_never_sure():
    level = Level.COMMUNITY
    assigned = Assignment(matter="housing.elevator.2", list_version="1", level=level, unit="物业")
    sure = replace(HANDLED, assignment=assigned)
    assert ["✓ 电梯事项2"] in labels(menu(sure, matters=MATTERS).page(Step.MATTERS))
    unsure = replace(sure, matters=("housing.elevator.2",))
    assert ["电梯事项2"] in labels(menu(unsure, matters=MATTERS).page(Step.MATTERS))


def test_one_level_up_knows_how_often_it_went_up():
    (up,) = (
        meaning
        for meaning in meanings(menu(HANDLED, goes_up=True).page(Step.MENU))
        if meaning.verb is Step.UP
    )
    assert up.argument == "2"


def test_colleagues_and_reasons_are_offered_by_name():
    people = [meaning.argument for meaning in meanings(menu(HANDLED, colleagues=PEOPLE).page(Step.HAND))]
    assert people[: len(PEOPLE) - 2] == [token(person) for person, _ in PEOPLE[:7]]
    assert labels(menu(HANDLED).page(Step.GIVE)) == [
        ["网格里办不了"],
        ["不在本网格"],
        ["要专业单位来办"],
        ["其他"],
        ["返回"],
    ]


@pytest.mark.parametrize("step", [Step.MATTERS, Step.ALL, Step.HAND, Step.GIVE])
def test_a_page_that_there_is_none_of_is_the_first(step):
    assert menu().page(step) == menu().page(Step.MENU)
