"""Stories of who sees what: what is internal is cut to the building, what is confidential leaves the group at once."""

from dataclasses import replace
from datetime import timedelta

from actions import facts as f
from actions.assignment import Secrecy
from actions.case import Case, Stage
from actions.linking import Choice
from actions.policy import Policy
from actions.reading import Intent
from tests.scenarios.test_in_private import LI, MENG, NEUTRAL, READ, WANG, Private
from tests.scenarios.test_unsure_in_memory import Doubting
from tests.town import GROUP, report

BY_LIST = Policy(private_categories=())
"""Nothing is private but by the responsibility list."""
STEPS, WHERE = "楼上半夜走路咚咚响", "3栋2单元501"
BEATEN, QUARREL = "老公喝了酒又打人", "楼上邻居威胁要报复我"
HEARD = {
    STEPS: report("environment.noise_social", WHERE),
    BEATEN: report("disputes.family", "5号楼602"),
    QUARREL: report("disputes.neighbour", "5号楼602"),
}
ESCALATED, SHARED = "disputes.neighbour.escalated", "disputes.neighbour.shared_space"


def town(**how: object) -> Private:
    one = Private(policy=BY_LIST, **how)
    one.nlu.readings.update({**READ, **HEARD})
    return one


async def assigns(one: Private, case: Case, matter: str) -> Case:
    """A worker says which matter it is."""
    fact = f.Assigned(at=one.clock.now(), by=MENG, by_name="孟姐", matter=matter)
    assert await one.flow.happened(case.id, fact)
    await one.settle()
    return await one.state.case(case.id)


def in_group(one: Private) -> list[str]:
    """What stands in the group now."""
    return [said.post.text for said in one.chat.said if said.post.group == GROUP]


async def test_violence_at_home_leaves_the_group_by_the_list_alone():
    one = town()
    await one.say("王姐", BEATEN)
    case = await one.case()
    assert (case.private, case.assignment.secrecy) == (True, Secrecy.CONFIDENTIAL)
    assert one.texts == [NEUTRAL]
    assert not one.group_knows("5号楼", "#1", "打人", "家庭")
    assert BEATEN in one.seen_by(MENG)[0]
    (filing,) = one.dispatch.filed
    assert filing.confidential
    assert "602" in filing.address


async def test_of_noise_from_the_neighbour_the_group_sees_the_building_only():
    one = town()
    await one.say("张阿姨", STEPS)
    case = await one.case()
    assert case.assignment.secrecy is Secrecy.INTERNAL
    assert one.texts[0].startswith("#1 ")
    assert " · 3栋\n" in one.texts[0]
    for text in ("/cases", "/case 1"):
        await one.say("李叔", text)
    await one.dispatch_says("accepted", "已约谈501马某")
    await one.dispatch_says("returned", "已约谈501马某")
    await one.dispatch_says("fixed", "已约谈501马某")
    await one.press("孟姐", "确认修好")
    await one.press("张阿姨", "解决了")
    assert (await one.case()).stage is Stage.CLOSED
    assert one.group_knows("3栋")
    assert not one.group_knows("501", "2单元", "咚咚", "张阿姨", "马某")
    assert one.dispatch.filed[0].address == WHERE
    assert STEPS in one.dispatch.filed[0].description


async def test_a_worker_who_is_reminded_in_private_reads_the_whole_place():
    one = town()
    one.nlu.readings[STEPS] = replace(HEARD[STEPS], categories=())
    await one.say("张阿姨", STEPS)
    assert (await one.case()).stage is Stage.WAITING_WORKER
    await one.wait(timedelta(hours=3))
    assert any(WHERE in text for text in one.seen_by(MENG))
    assert not one.group_knows("501")


async def test_a_matter_that_a_worker_names_takes_a_case_out_of_the_group_and_back_and_out_again():
    one = town()
    await one.say("王姐", QUARREL)
    case = await assigns(one, await one.case(), SHARED)
    assert not case.private
    assert any("#1" in text and "5号楼" in text for text in in_group(one))

    case = await assigns(one, case, ESCALATED)
    assert case.private
    assert set(in_group(one)) == {NEUTRAL}

    case = await assigns(one, case, SHARED)
    assert not case.private
    assert any("#1" in text and "5号楼" in text for text in in_group(one))

    case = await assigns(one, case, ESCALATED)
    assert case.private
    assert set(in_group(one)) == {NEUTRAL}
    await one.dispatch_says("fixed")
    assert set(in_group(one)) == {NEUTRAL}
    assert await one.state.dead(10) == []


async def test_what_was_confided_stays_private_whatever_matter_a_worker_names():
    one = town()
    await one.say("王姐", QUARREL)
    case = await assigns(one, await one.case(), ESCALATED)
    await one.tells(WANG, f"/start {one.token}")
    case = await assigns(one, await one.case(), SHARED)
    assert case.private
    assert set(in_group(one)) == {NEUTRAL}


async def test_a_private_category_stays_private_under_a_matter_that_is_not():
    one = Private()
    await one.say("王姐", "5号楼电动车被偷了")
    case = await assigns(one, await one.case(), "safety.fire_hazard.premises")
    assert case.private


async def test_a_matter_that_is_on_no_list_changes_nothing():
    one = town()
    await one.say("王姐", BEATEN)
    assert (await assigns(one, await one.case(), "no.such.matter")).private


async def test_a_corrected_category_takes_a_case_out_by_the_list_and_back():
    one = town()
    await one.say("王姐", STEPS)
    await one.say("孟姐", "类别 家庭纠纷", reply_to=one.chat.said[0].id)
    assert (await one.case()).private
    assert in_group(one) == [NEUTRAL]
    await one.tells(MENG, "类别 电梯", reply_to=one.card(MENG))
    assert not (await one.case()).private
    assert any("电梯" in text for text in in_group(one))


async def test_in_a_chat_with_the_bot_alone_an_edit_hides_nothing():
    one = town()
    await one.tells(LI, QUARREL)
    (case,) = await one.state.cases(LI)
    await one.tells(LI, BEATEN, edited=True, id="p1")
    (case,) = await one.state.cases(LI)
    assert (case.category, case.private) == ("disputes.family", False)
    assert case.assignment.secrecy is Secrecy.CONFIDENTIAL
    assert any("5号楼602" in said.post.text for said in one.chat.said if said.post.group == LI)


async def test_the_words_of_an_internal_doubt_come_to_the_worker_who_asks_alone():
    one = town(linker=Doubting(Choice(), Intent.SECOND))
    await one.say("张阿姨", STEPS)
    await one.say("孟姐", "/unsure")
    assert "#1" in one.texts[-1]
    assert not one.group_knows("501", "咚咚", "张阿姨")
    (told,) = one.seen_by(MENG)
    assert all(part in told for part in (WHERE, STEPS, "张阿姨"))


async def test_a_worker_reads_the_flat_in_the_list_of_their_own_chat_and_the_group_does_not():
    one = town()
    await one.say("张阿姨", STEPS)
    await one.say("孟姐", "/cases")
    await one.say("孟姐", "/mine")
    assert not one.group_knows("501")
    await one.tells(MENG, "/cases")
    mine = [said.post.text for said in one.chat.said if said.post.group == MENG]
    assert any(WHERE in text for text in mine)
