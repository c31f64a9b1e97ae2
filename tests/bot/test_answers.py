"""Answers to commands: who may do what, and what is said to the rest."""

import pytest

from actions import facts as f
from actions.reading import Intent
from tests.town import Town, means, report

READ = {
    "3号楼电梯坏了": report("housing.elevator", "3号楼"),
    "井盖没了": report("traffic.manhole", "东门"),
    "也是": means(Intent.SECOND),
}


@pytest.fixture
async def town():
    town = Town(READ)
    await town.say("张阿姨", "3号楼电梯坏了")
    await town.say("李叔", "井盖没了")
    return town


async def answer(town, who, text):
    await town.say(who, text)
    return town.texts[-1]


@pytest.mark.parametrize("text", ["/help", "/start", "/help@linli_bot"])
async def test_help_is_for_everybody(town, text):
    assert "/cases" in await answer(town, "王", text)


async def test_the_list_names_what_is_open_and_changes_nothing(town):
    before = await town.cases()
    text = await answer(town, "王", "/cases")
    assert "#1" in text
    assert "#2" in text
    assert await town.cases() == before


async def test_one_case_is_told_with_its_words(town):
    assert "3号楼电梯坏了" in await answer(town, "王", "/case 1")


@pytest.mark.parametrize("text", ["/case 9", "/case", "/case x", "/case 0", "/withdraw 9"])
async def test_a_number_that_is_none_is_said_to_be_none(town, text):
    assert "没有这个编号" in await answer(town, "王", text)


async def test_only_the_reporter_or_a_worker_takes_a_report_back(town):
    assert "别人报的" in await answer(town, "李叔", "/withdraw 1")
    assert "没有未办完的报事" in await answer(town, "王", "/withdraw")
    assert "已撤回" in await answer(town, "孟姐", "/withdraw 1")
    assert "已经结束" in await answer(town, "张阿姨", "/withdraw 1")
    assert f.Withdrawn in await town.facts((await town.cases())[0])


async def test_without_a_number_ones_own_newest_report_is_meant(town):
    await answer(town, "李叔", "/withdraw")
    assert [case.stage for case in await town.cases()] == ["open", "withdrawn"]


@pytest.mark.parametrize("text", ["/merge", "/merge 1", "/merge 1 1", "/merge 1 2 3"])
async def test_merging_needs_two_different_numbers(town, text):
    assert "两个不同的编号" in await answer(town, "孟姐", text)


async def test_merging_is_for_workers_and_for_what_is_open(town):
    assert "网格员" in await answer(town, "王", "/merge 2 1")
    assert "没有这个编号" in await answer(town, "孟姐", "/merge 2 9")
    assert "已并入 #1" in await answer(town, "孟姐", "/merge 2 1")
    assert "已经结束" in await answer(town, "孟姐", "/merge 2 1")
    first, second = await town.cases()
    assert (second.stage, second.merged_into) == ("merged", first.id)


async def test_binding_is_for_workers_and_to_a_grid_that_there_is(town):
    assert "网格员" in await answer(town, "王", "/bind g1")
    for text in ("/bind", "/bind g9"):
        assert "g1" in await answer(town, "孟姐", text)
    assert "第一网格" in await answer(town, "孟姐", "/bind g1")
