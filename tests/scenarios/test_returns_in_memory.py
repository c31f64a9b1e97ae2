"""Stories of tickets that are given back: the group reads why, and never a code."""

import pytest

from actions import facts as f
from actions.case import Stage
from tests.town import Town, report

LIFT = "3号楼2单元电梯又坏了"
READ = {LIFT: report("housing.elevator", "3号楼2单元")}  # all else is chatter


async def returned(note: str, status: str = "returned") -> Town:
    town = Town(READ)
    await town.say("张阿姨", LIFT)
    await town.dispatch_says("accepted")
    await town.dispatch_says(status, note)
    return town


@pytest.mark.parametrize("status", ["returned", "rejected"])
async def test_the_group_reads_the_name_of_the_reason_with_the_units_words(status):
    town = await returned("[reason:not_ours] 归市政养护", status)
    said = "\n".join(town.texts)
    assert "物业企业退回：不属本单位职责（归市政养护" in said
    assert "reason:" not in said
    assert "not_ours" not in said


async def test_a_reason_without_words_is_its_name():
    town = await returned("[reason:wrong_place]")
    assert "物业企业退回：不在辖区" in "\n".join(town.texts)


@pytest.mark.parametrize(
    ("note", "reason"),
    [
        ("[reason:duplicate] 见昨天", "duplicate"),
        ("信息不全：哪一栋？", "needs_information"),
        ("不归我们", "other"),
        ("", ""),
    ],
)
async def test_the_trace_has_the_code(note, reason):
    town = await returned(note)
    case = await town.case()
    (fact,) = [one for one in await town.state.trace(case.id) if isinstance(one, f.TicketReturned)]
    assert fact.reason == reason
    assert case.stage is (Stage.RETURNED if reason else Stage.ACCEPTED), (
        "without a reason it is not given back"
    )
