"""Lamps: the words of lights in both languages."""

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from actions import facts as f
from actions import orders as o
from actions.ledger import Due
from actions.nodes import Light, Node
from actions.standing import Standing
from bot.cards import Writer
from bot.lamps import due_words, late_words, moment, node_words
from bot.work import lane_of
from tests.actions.stories import Story

AT = datetime(2026, 10, 9, 15, 0, tzinfo=ZoneInfo("Asia/Shanghai"))


def stands(light=Light.RED, late=timedelta(), *, working=True):
    since = AT - timedelta(days=1)
    return Standing(node=Node.VERIFY, light=light, since=since, due=AT, late=late, working=working)


def test_a_moment_has_its_weekday_its_day_and_its_time():
    assert moment(AT, "zh_CN") == "10月9日周五 15:00"
    assert moment(AT, "en") == "Fri, Oct 9 15:00"


@pytest.mark.parametrize(
    ("light", "english", "chinese"),
    [
        (Light.GREEN, "", ""),
        (Light.YELLOW, "🟡 due Fri, Oct 9 15:00", "🟡 10月9日周五 15:00 到期"),
        (Light.RED, "🔴 late since Fri, Oct 9 15:00", "🔴 已超时，10月9日周五 15:00 到期"),
    ],
)
def test_a_card_says_when_it_is_due_once_the_light_is_not_green(light, english, chinese):
    assert (due_words(stands(light), "en"), due_words(stands(light), "zh_CN")) == (english, chinese)


def test_what_the_card_says_does_not_change_while_the_light_does_not():
    assert due_words(stands(), "en") == due_words(stands(late=timedelta(days=9)), "en")


@pytest.mark.parametrize(
    ("late", "working", "words"),
    [
        (timedelta(seconds=59), True, ""),
        (timedelta(minutes=59), False, "59 min"),
        (timedelta(hours=47), False, "47 h"),
        (timedelta(hours=49), False, "2 d"),
        (timedelta(hours=49), True, "49 h of working time"),
    ],
)
def test_lateness_is_said_in_the_limits_own_time(late, working, words):
    assert late_words(stands(late=late, working=working), "en") == words


def test_a_warning_names_the_node_who_is_at_it_and_the_times():
    late = stands(late=timedelta(hours=2))
    assert node_words(late, "孟姐", "en") == (
        "Check on the spot · 孟姐: since Thu, Oct 8 15:00, was due Fri, Oct 9 15:00, late by 2 h of working time"
    )
    assert node_words(stands(Light.YELLOW), "", "zh_CN") == (
        "网格员现场核实：10月8日周四 15:00 开始，10月9日周五 15:00 到期"
    )


def test_in_a_list_a_case_has_the_lamp_of_its_worst_running_clock_and_none_without():
    case, writer = Story(f.Reported, f.TicketFiled).now, Writer("en")
    assert writer.lamp(case) == "🟢"
    red = replace(case, clocks=(replace(case.clocks[0], light=Light.RED),))
    assert writer.lamp(red) == "🔴"
    assert writer.lamp(replace(case, clocks=(replace(red.clocks[0], until=AT),))) == ""


def test_a_warning_waits_behind_nobody_elses():
    everybody = o.Alert(key="c:1:0", case="c", node=Node.WORK, light=Light.RED)
    one = replace(everybody, key="c>memory:1:1:0", to="memory:1")
    assert lane_of(Due(everybody, "memory:g", AT)) == "alone:c:1:0"
    assert lane_of(Due(one, "memory:g", AT)) == "chat:memory:1"
    assert lane_of(Due(o.CallWorker(key="c:1:1", case="c", to="memory:1"), "memory:g", AT)) == "chat:memory:1"
