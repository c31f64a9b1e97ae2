"""Stories of the residents' key: half fixed, counted households, time that runs out, neighbours, marks, photos."""

from datetime import timedelta

import pytest

from actions import facts as f
from actions.advance import rebuild
from actions.case import Stage
from actions.message import Kind, Message, Role
from actions.policy import Policy
from actions.reading import Intent
from actions.verdicts import Keys, Rule
from tests.scenarios.test_governance_in_memory import GRIDS, HIERARCHY, LIGHT
from tests.town import GROUP, Town, means, report

LIFT = "3号楼2单元电梯又坏了"
READ = {
    LIFT: report("housing.elevator", "3号楼2单元"),
    LIGHT: report("traffic.streetlight", "东门"),
    "修好了": means(Intent.RESOLVED),
    "现场看过，修好了": means(Intent.RESOLVED),
    "我们也坐不了": means(Intent.SECOND),
}
MAJORITY = Policy(keys=Keys(Rule.MAJORITY, quorum=3))
ANY_DISPUTE = Policy(keys=Keys(Rule.ANY_DISPUTE, quorum=3))
KEYS = [["解决了", "没解决"], ["修了一半"]]
DAY = timedelta(days=1)


async def asked(policy: Policy | None = None) -> Town:
    """A lift that dispatch and the worker say is fixed: now the residents are asked."""
    town = Town(READ, policy=policy)
    await town.say("张阿姨", LIFT)
    await done_again(town)
    return town


async def done_again(town: Town) -> None:
    await town.dispatch_says("fixed", "已更换门机")
    await town.press("孟姐", "确认修好")
    assert (await town.case()).stage is Stage.RESIDENTS_KEY


def question(town: Town) -> str:
    return town.texts[max(n for n in range(len(town.texts)) if town.labels(n)[:2] == KEYS)]


# --- half fixed ---------------------------------------------------------------------------------------------


async def test_half_fixed_goes_back_to_the_unit_with_a_note_and_closes_when_it_is_whole():
    town = await asked()
    assert town.labels() == KEYS
    asking = town.chat.said[-1].id
    await town.say("李叔", "修了一半，左边那部还停着", reply_to=asking)
    case = await town.case()
    assert (case.stage, case.halves, case.disputes) == (Stage.OPEN, 1, 0)
    assert "修了一半 ×1" in town.texts[0]
    ticket, status, words = town.dispatch.told[-1]
    assert (ticket, status) == ("1", "received")
    assert "左边那部还停着" in words
    assert not any(row == KEYS[0] for n in range(len(town.texts)) for row in town.labels(n)), "answered"
    await town.dispatch_says("in_progress")
    await done_again(town)
    await town.press("张阿姨", "解决了")
    case = await town.case()
    assert (case.stage, case.halves) == (Stage.CLOSED, 1)
    assert rebuild(await town.state.trace(case.id)) == case


async def test_the_button_says_the_same_and_an_old_one_is_known_for_old():
    town = await asked()
    old = {button.label: button.data for row in town.chat.said[-1].post.buttons for button in row}
    at = len(town.chat.said) - 1
    assert await town.press("李叔", "修了一半") == "记下了，谢谢。"
    assert "李叔: 修了一半 ✔" in town.texts[at]
    assert (await town.case()).halves == 1
    assert "已经过了" in await town.press("王婶", "修了一半", on=at, data=old["修了一半"])
    assert (await town.case()).halves == 1


async def test_few_words_count_without_a_reply_while_only_one_case_is_asked_about():
    town = await asked()
    await town.say("孟姐", "只修了一部分")
    assert (await town.case()).halves == 0, "the residents' key is not the worker's"
    await town.say("李叔", "只修了一部分")
    assert (await town.case()).halves == 1
    await town.say("李叔", "只修了一部分")
    assert (await town.case()).halves == 1, "nobody asks any more"


async def test_after_the_end_too_it_may_be_half_fixed():
    town = await asked()
    await town.press("张阿姨", "解决了")
    assert town.labels(0)[-1] == ["没解决", "修了一半"]
    await town.press("王婶", "修了一半", on=0)
    case = await town.case()
    assert (case.stage, case.halves) == (Stage.OPEN, 1)


# --- several decide ---------------------------------------------------------------------------------------


async def test_the_question_and_the_card_count_the_households_until_it_is_decided():
    town = await asked(MAJORITY)
    assert "请 3 户回答" in question(town)
    assert await town.press("李叔", "解决了") == "算上了，谢谢。大家的答复合起来算。"
    assert "已确认 1 户，还等 2 户" in question(town)
    assert "已确认 1 户，还等 2 户" in town.texts[0]
    await town.press("王婶", "没解决")
    assert "已确认 1 户 · 没修好 1 户，还等 1 户" in question(town)
    assert town.labels() == KEYS, "the buttons stay"
    await town.press("赵伯", "解决了")
    case = await town.case()
    assert case.stage is Stage.CLOSED
    assert town.labels() == [["1", "2", "3", "4", "5"]]
    assert "居民答复：解决了 ✔" in town.texts[-1]
    assert "已确认 2 户 · 没修好 1 户" in town.texts[0]
    assert rebuild(await town.state.trace(case.id)) == case


async def test_a_second_press_takes_the_place_of_the_first():
    town = await asked(MAJORITY)
    await town.press("李叔", "解决了")
    assert await town.press("李叔", "解决了") == "您的答复已经算上了，谢谢。"
    assert await town.press("李叔", "修了一半") == "记下了：以您这次的答复为准。"
    assert "修了一半 1 户，还等 2 户" in question(town)
    assert "已确认" not in question(town)


async def test_the_worker_cannot_turn_the_residents_key():
    town = await asked(MAJORITY)
    for label in ("解决了", "没解决", "修了一半"):
        assert "居民" in await town.press("孟姐", label)
    assert (await town.case()).answers == ()


async def test_in_a_tie_it_is_not_fixed():
    town = await asked(Policy(keys=Keys(Rule.MAJORITY, quorum=2)))
    await town.press("李叔", "没解决")
    assert (await town.case()).stage is Stage.RESIDENTS_KEY
    at = len(town.texts) - 1
    await town.press("王婶", "解决了")
    case = await town.case()
    assert (case.stage, case.disputes) == (Stage.OPEN, 1)
    assert "居民答复：没解决 ✔" in town.texts[at], "not what the last one pressed"
    assert town.labels(at) == []


async def test_the_reporter_is_outvoted_by_nobody():
    town = await asked(MAJORITY)
    await town.press("李叔", "解决了")
    await town.press("王婶", "解决了")
    await town.press("张阿姨", "没解决")
    assert ((await town.case()).stage, (await town.case()).disputes) == (Stage.OPEN, 1)


async def test_where_one_dispute_is_enough_confirmations_wait_for_each_other():
    town = await asked(ANY_DISPUTE)
    await town.press("李叔", "解决了")
    await town.press("王婶", "解决了")
    assert (await town.case()).stage is Stage.RESIDENTS_KEY
    await town.press("赵伯", "没解决")
    assert (await town.case()).stage is Stage.OPEN


async def test_words_count_like_presses():
    town = await asked(MAJORITY)
    await town.say("李叔", "修好了", reply_to=town.chat.said[-1].id)
    assert "已确认 1 户，还等 2 户" in question(town)
    await town.press("李叔", "没解决")
    assert "没修好 1 户，还等 2 户" in question(town)


async def test_a_question_that_stands_on_the_card_counts_there():
    town = Town(READ, policy=Policy(keys=Keys(Rule.MAJORITY, quorum=3), share=0.01, share_floor=1))
    await town.say("张阿姨", LIFT)
    await done_again(town)
    assert len(town.texts) == 1
    await town.press("李叔", "解决了")
    assert town.texts[0].count("已确认 1 户，还等 2 户") == 1
    assert town.labels(0) == KEYS


# --- the time is over -------------------------------------------------------------------------------------


async def test_at_the_end_of_the_time_the_majority_of_those_who_answered_decides():
    town = await asked(MAJORITY)
    await town.press("李叔", "解决了")
    await town.wait(DAY * 2)
    case = await town.case()
    assert (case.stage, case.scores) == (Stage.CLOSED, ())
    assert town.labels() == [["1", "2", "3", "4", "5"]]
    assert "居民答复：解决了 ✔" in town.texts[-1]


async def test_nobody_answers_and_it_lapses_and_is_never_satisfied():
    town = await asked(MAJORITY)
    await town.wait(DAY * 2)
    case = await town.case()
    assert (case.stage, case.scores, case.residents_key) == (Stage.LAPSED, (), "")
    assert not any(one in (f.ResidentConfirmed, f.SatisfactionGiven) for one in await town.facts(case))
    assert "closed" not in [status for _, status, _ in town.dispatch.told]


async def test_the_reminder_says_who_has_answered_already():
    town = await asked(MAJORITY)
    await town.press("李叔", "解决了")
    await town.wait(timedelta(hours=16))
    await town.say("王婶", "我们也坐不了", reply_to="1")
    assert town.labels() == KEYS
    assert "已确认 1 户，还等 2 户" in town.texts[-1]
    await town.press("王婶", "解决了")
    assert ["已确认 2 户，还等 1 户" in text for text in town.texts] == [True, True, True]
    await town.press("赵伯", "解决了")
    assert not any(KEYS[0] in town.labels(n) for n in range(len(town.texts))), "both are closed"


# --- households -------------------------------------------------------------------------------------------


async def test_two_of_one_household_count_once():
    town = await asked(MAJORITY)
    await town.say("李叔", "/home 3栋2单元501")
    assert "一户算一个答复" in town.texts[-1]
    assert "501" not in town.texts[-1]
    await town.say("李嫂", "/home 3号楼2单元501室")
    await town.press("李叔", "解决了", on=1)
    assert await town.press("李嫂", "没解决", on=1) == "一户算一个答复：以这次的为准。"
    case = await town.case()
    assert "没修好 1 户，还等 2 户" in town.texts[1]
    ((who, _),) = case.answers
    assert len(who) == 32
    assert "501" not in str(await town.state.trace(case.id)) + str(case)


async def test_the_address_is_kept_nowhere_and_can_be_forgotten():
    town = await asked(MAJORITY)
    await town.say("李叔", "/home")
    assert "还不知道您住哪一户" in town.texts[-1]
    await town.say("李叔", "/home 3栋")
    assert "哪一户" in town.texts[-1]
    said = await town.say("李叔", "/home 3栋2单元501")
    await town.say("李叔", "/home 3栋2单元502", edits=said)
    kept = await town.house.households.of(GROUP, "memory:李叔")
    assert kept
    assert "50" not in str((await town.state.talk(GROUP)).recent)
    await town.say("李叔", "/home")
    assert "说过住哪一户了" in town.texts[-1]
    await town.say("李叔", "/home -")
    assert "忘掉" in town.texts[-1]
    assert await town.house.households.of(GROUP, "memory:李叔") == ""
    assert "501" not in "".join(town.texts[1:]).replace("/home 3栋2单元501", "")


async def test_another_group_and_another_installation_see_another_sign():
    town, other = Town(), Town()
    for house, group in ((town.house, GROUP), (town.house, "memory:other"), (other.house, GROUP)):
        await house.households.settle(group, "memory:李叔", "3-2-501")
    signs = [
        await town.house.households.of(GROUP, "memory:李叔"),
        await town.house.households.of("memory:other", "memory:李叔"),
        await other.house.households.of(GROUP, "memory:李叔"),
    ]
    assert len(set(signs)) == 3


async def test_who_will_not_say_it_in_the_group_says_it_in_private():
    town = await asked(MAJORITY)
    town.chat.private_line = "https://chat.example/linli?start="
    await alone(town, "李叔", "/home 3栋2单元501")
    assert "先在您的群里" in town.texts[-1]
    await town.say("李叔", "/home")
    ((button,),) = town.chat.said[-1].post.buttons
    token = button.url.removeprefix(town.chat.private_line)
    await alone(town, "王婶", f"/start {token}")
    assert "请在这里说您住哪一户" in town.texts[-1]
    await alone(town, "王婶", "/home 3栋2单元501")
    await alone(town, "李叔", "/home 3-2-501")
    first, second = [await town.house.households.of(GROUP, f"memory:{who}") for who in ("王婶", "李叔")]
    assert first == second != ""
    await alone(town, "赵伯", "/start nonsense")
    assert "说您住哪一户" not in town.texts[-1]


async def alone(town: Town, who: str, text: str) -> None:
    """Somebody writes to the bot alone."""
    person = f"memory:{who}"
    now, number = town.clock.now(), f"p{len(town.chat.heard)}"
    await town.hear(Message(person, number, person, who, Role.RESIDENT, now, Kind.TEXT, text))


# --- after the end ----------------------------------------------------------------------------------------


async def test_a_neighbour_may_reopen_what_the_reporter_has_closed():
    town = await asked()
    await town.press("张阿姨", "解决了")
    assert (await town.case()).stage is Stage.CLOSED
    await town.wait(DAY)
    await town.press("王婶", "没解决", on=0)
    case = await town.case()
    assert (case.stage, case.disputes) == (Stage.OPEN, 1)
    assert "第 1 次" in "".join(town.texts[1:])
    await done_again(town)
    await town.press("王婶", "解决了")
    assert (await town.case()).stage is Stage.CLOSED


async def test_a_mark_counts_once_for_a_household_and_may_be_changed_for_a_day():
    town = await asked()
    await town.press("张阿姨", "解决了")
    await town.say("张阿姨", "/home 3-2-501")
    await town.say("张叔", "/home 3-2-501")
    await town.press("张阿姨", "5")
    assert await town.press("张叔", "2") == "记下了：以您这次打的分为准。"
    assert await town.press("张叔", "2") == "您已经打过分了，谢谢。"
    await town.press("李叔", "4")
    assert [score for _, score in (await town.case()).scores] == [2, 4]
    await town.wait(DAY + timedelta(minutes=1))
    assert await town.press("张阿姨", "5") == "您已经打过分了，谢谢。"
    assert "★ 3.0" in town.texts[0]


# --- the worker's photo -----------------------------------------------------------------------------------


async def work_done(policy: Policy | None = None) -> Town:
    town = Town(READ, policy=policy)
    await town.say("张阿姨", LIFT)
    await town.dispatch_says("fixed", "已更换门机")
    return town


async def test_a_photo_with_the_workers_word_is_evidence_and_the_key():
    town = await work_done()
    await town.say("孟姐", "现场看过，修好了", kind=Kind.PHOTO, reply_to=town.chat.said[-1].id)
    case = await town.case()
    assert (case.stage, case.inspected_by, len(case.evidence)) == (Stage.RESIDENTS_KEY, "memory:孟姐", 1)
    assert (await town.facts(case))[-2:] == [f.Inspected, f.WorkerConfirmed]
    (told,) = [words for _, _, words in town.dispatch.told if "现场" in words]
    assert "http://here/evidence/" in told


async def test_a_photo_alone_is_evidence_and_turns_no_key():
    town = await work_done()
    await town.say("孟姐", "", kind=Kind.PHOTO, reply_to=town.chat.said[-1].id)
    case = await town.case()
    assert (case.live, case.worker_key, case.inspected_by) == (True, "", "memory:孟姐")
    await town.press("孟姐", "确认修好")
    assert (await town.case()).stage is Stage.RESIDENTS_KEY


@pytest.mark.parametrize("how", ["press", "words"])
async def test_where_a_photo_is_wanted_there_is_no_confirming_without(how: str):
    town = await work_done(Policy(keys=Keys(photo=True)))
    asking = len(town.chat.said) - 1
    assert "请先回复一张现场照片" in town.texts[asking]
    if how == "words":
        await town.say("孟姐", "修好了", reply_to=town.chat.said[asking].id)
        assert "请先回复一张现场照片" in town.texts[-1]
    else:
        assert "请先回复一张现场照片" in await town.press("孟姐", "确认修好", on=asking)
    case = await town.case()
    assert (case.stage in (Stage.WORK_DONE, Stage.WORKER_KEY), case.worker_key) == (True, "")
    await town.say("孟姐", "", kind=Kind.PHOTO, reply_to=town.chat.said[asking].id)
    await town.press("孟姐", "确认修好", on=asking)
    assert (await town.case()).stage is Stage.RESIDENTS_KEY


# --- raised -------------------------------------------------------------------------------------------------


async def test_after_so_many_disputes_the_group_hears_once_who_decides_now():
    town = Town(READ, policy=Policy(keys=Keys(raise_after=2)), people=HIERARCHY, grids=GRIDS)
    await town.say("张阿姨", LIGHT)
    for label in ("修了一半", "没解决", "没解决"):
        await done_again(town)
        await town.press("李叔", label)
        await town.say("李叔", "早上好")
    case = await town.case()
    assert (case.disputes, case.halves, case.raised) == (2, 1, 1)
    ruling = "已提到上一级，由鼓楼区市政处定谁来办。\n没修好 ×2 · 修了一半 ×1"
    assert sum(ruling in text for text in town.texts) == 1
    assert sum("第 2 次" in text for text in town.texts) == 0, "not that it goes back to the same unit"
    assert "没修好 ×2 · 修了一半 ×1 · 已提到上一级：鼓楼区市政处" in town.texts[0]
    assert any("鼓楼区市政处" in text for _, _, text in town.dispatch.told)
