"""Stories from the group's side, on parts in memory; the same stories run on real parts beside this file."""

import asyncio
from datetime import timedelta

from actions import facts as f
from actions.advance import rebuild
from actions.case import Stage
from actions.message import Kind, Point
from actions.policy import Policy
from actions.reading import Intent, Urgency
from tests.town import Town, means, report

LIFT = "3号楼2单元电梯又坏了"
PAUSE = Policy().pause
READ = {
    LIFT: report("housing.elevator", "3号楼2单元"),
    "电梯坏了": report("housing.elevator"),
    "5号楼电梯也坏了": report("housing.elevator", "5号楼"),
    "我们也坐不了": means(Intent.SECOND),
    "搞错了": means(Intent.WITHDRAW),
    "还是坏的": means(Intent.DISPUTED),
    "修好了": means(Intent.RESOLVED),
    "怎么还没人来": means(Intent.URGE),
    "5号楼物业几点上班": means(Intent.CONSULT),
    "3号楼": means(Intent.DETAIL, "3号楼"),
    "9号楼着火了快来人": report("safety.fire", "9号楼", urgency=Urgency.EMERGENCY),
}


async def test_the_happy_loop_closes_with_two_keys():
    town = Town(READ)
    await town.say("张阿姨", LIFT)
    case = await town.case()
    assert (case.stage, case.ticket, case.place) == (Stage.OPEN, "1", "3号楼2单元")
    assert len(town.texts) == 1, "one short card, nothing else"
    await town.say("李叔", "早上好")
    await town.dispatch_says("accepted")
    await town.dispatch_says("in_progress")
    await town.dispatch_says("fixed", "已更换门机")
    assert town.labels() == [["确认修好", "还没修好"]]
    assert await town.press("孟姐", "确认修好") == "记下了，谢谢。"
    assert town.labels(-2) == [], "the answered question has no buttons any more"
    assert "孟姐: 确认修好" in town.texts[-2]
    assert town.labels() == [["解决了", "没解决"], ["修了一半"]]
    await town.press("张阿姨", "解决了")
    case = await town.case()
    assert case.stage is Stage.CLOSED
    assert town.labels() == [["1", "2", "3", "4", "5"]]
    await town.press("张阿姨", "5")
    case = await town.case()
    assert case.scores == (("memory:张阿姨", 5),)
    assert rebuild(await town.state.trace(case.id)) == case
    assert ("1", "closed") in [(ticket, status) for ticket, status, _ in town.dispatch.told]


async def test_chatter_is_met_with_silence():
    town = Town(READ)
    for text in ("早上好", "", "😀😀", "\u202e\u200b", "x" * 4096, "\x00\x07"):
        await town.say("张阿姨", text)
    assert town.texts == []
    assert await town.cases() == []


async def test_a_disputed_fix_returns_to_the_same_unit_with_the_count():
    town = Town(READ)
    await town.say("张阿姨", LIFT)
    await town.dispatch_says("fixed")
    await town.press("孟姐", "确认修好")
    await town.press("李叔", "没解决")
    case = await town.case()
    assert (case.stage, case.disputes) == (Stage.OPEN, 1)
    ticket, status, text = town.dispatch.told[-1]
    assert (ticket, status) == ("1", "received")
    assert "第 1 次" in text


async def test_a_report_without_a_place_is_asked_by_its_card_and_filed_when_answered():
    town = Town(READ)
    await town.say("张阿姨", "电梯坏了")
    case = await town.case()
    assert case.stage is Stage.ASKING_WHERE
    await town.wait(PAUSE)
    assert "请问在哪里" in town.texts[0]
    assert town.dispatch.filed == []
    await town.say("张阿姨", "3号楼")
    case = await town.case()
    assert (case.stage, case.place) == (Stage.OPEN, "3号楼")
    assert len(town.texts) == 1
    assert "3号楼" in town.texts[0]


async def test_a_bare_reply_to_the_question_is_the_place():
    town = Town(READ)
    await town.say("张阿姨", "电梯坏了")
    await town.wait(PAUSE)
    await town.say("李叔", "就小广场边上那部", reply_to=town.chat.said[0].id)
    assert (await town.case()).place == "就小广场边上那部"


async def test_a_shared_point_answers_where():
    town = Town(READ)
    await town.say("张阿姨", "电梯坏了")
    await town.say("张阿姨", "", kind=Kind.LOCATION, attachments=(), point=Point(31.2, 121.5))
    case = await town.case()
    assert (case.stage, case.point) == (Stage.OPEN, Point(31.2, 121.5))


async def test_nobody_says_where_so_the_worker_decides():
    town = Town(READ)
    await town.say("张阿姨", "电梯坏了")
    await town.wait(timedelta(minutes=11))
    assert (await town.case()).stage is Stage.WAITING_WORKER
    await town.press("孟姐", "派单")
    assert (await town.case()).stage is Stage.OPEN


async def test_a_worker_solves_it_in_the_grid_without_a_ticket():
    town = Town(READ, policy=Policy(file_at_once=False))
    await town.say("张阿姨", LIFT)
    await town.press("孟姐", "我来处理")
    await town.press("孟姐", "处理好了", on=0)
    await town.press("张阿姨", "解决了")
    case = await town.case()
    assert case.stage is Stage.SOLVED_IN_GRID
    assert town.dispatch.filed == []


async def test_silence_lapses_after_one_reminder_and_is_not_satisfaction():
    town = Town(READ)
    await town.say("张阿姨", LIFT)
    await town.dispatch_says("fixed")
    await town.press("孟姐", "确认修好")
    said = len(town.texts)
    await town.wait(timedelta(hours=16))
    assert len(town.texts) == said, "nobody is reminded on a timer"
    await town.say("李叔", "我们也坐不了", reply_to="1")
    assert len(town.texts) == said + 1, "one reminder, when somebody speaks of a case"
    await town.say("李叔", "我们也坐不了", reply_to="1")
    assert len(town.texts) == said + 1
    await town.wait(timedelta(hours=13))
    case = await town.case()
    assert (case.stage, case.scores, case.residents_key) == (Stage.LAPSED, (), "")


async def test_the_reporter_takes_it_back_in_words():
    town = Town(READ)
    await town.say("张阿姨", LIFT)
    await town.say("李叔", "搞错了")
    assert (await town.case()).stage is Stage.OPEN, "only the reporter can"
    await town.say("张阿姨", "搞错了")
    assert (await town.case()).stage is Stage.WITHDRAWN
    assert town.dispatch.told[-1][:2] == ("1", "closed")


async def test_the_same_problem_reported_by_ten_is_one_case():
    town = Town(READ)
    for n in range(10):
        await town.say(f"r{n}", LIFT)
    case = await town.case()
    assert len(case.followers) == 9
    assert len(town.dispatch.filed) == 1
    assert len(town.texts) == 1


async def test_another_lift_is_another_case():
    town = Town(READ)
    await town.say("张阿姨", LIFT)
    await town.say("李叔", "5号楼电梯也坏了")
    assert [case.place for case in await town.cases()] == ["3号楼2单元", "5号楼"]


async def test_dispatch_down_stands_on_the_card_and_is_filed_once():
    town = Town(READ)
    town.dispatch.down = True
    await town.say("张阿姨", LIFT)
    await town.wait(timedelta(minutes=30))
    assert (await town.case()).delayed
    assert ["暂时连不上" in text for text in town.texts] == [True], "the card says so, and nothing else"
    town.dispatch.down = False
    await town.wait(timedelta(minutes=10))
    assert (await town.case()).stage is Stage.OPEN
    assert len(town.dispatch.filed) == 1


async def test_a_ticket_whose_answer_was_lost_is_not_filed_again():
    town = Town(READ)
    town.dispatch.loses_answers = True
    await town.say("张阿姨", LIFT)
    town.dispatch.loses_answers = False
    await town.wait(timedelta(minutes=5))
    assert (await town.case()).ticket == "1"
    assert len(town.dispatch.filed) == 1


async def test_a_refused_ticket_goes_to_the_worker():
    town = Town(READ)
    town.dispatch.refusing = "no such service"
    await town.say("张阿姨", LIFT)
    assert (await town.case()).stage is Stage.WAITING_WORKER
    assert "no such service" in town.texts[-1]


async def test_emergency_words_are_answered_first_even_while_the_nlu_is_down():
    town = Town(READ)
    town.nlu.down = True
    saying = asyncio.create_task(town.say("张阿姨", "9号楼着火了快来人"))
    while not town.texts:
        await asyncio.sleep(0.01)
        await town.carrier.once()
        await town.carrier.drain()
    assert "119" in town.texts[0]
    assert await town.cases() == [], "not read yet"
    town.nlu.down = False
    await saying
    assert (await town.case()).urgency is Urgency.EMERGENCY
    assert sum("119" in text for text in town.texts) == 1


async def test_an_emergency_is_warned_once_and_becomes_a_case():
    town = Town(READ)
    await town.say("张阿姨", "9号楼着火了快来人")
    assert sum("119" in text for text in town.texts) == 1
    assert town.texts[0].startswith("⚠️")
    assert ("memory:孟姐", "孟姐") in town.chat.said[0].post.mentions
    assert (await town.case()).urgency is Urgency.EMERGENCY


async def test_a_residents_press_on_a_workers_button_is_refused_politely():
    town = Town(READ, policy=Policy(file_at_once=False))
    await town.say("张阿姨", LIFT)
    assert "网格员" in await town.press("李叔", "派单")
    assert (await town.case()).stage is Stage.WAITING_WORKER


async def test_a_forged_press_changes_nothing():
    town = Town(READ)
    await town.say("张阿姨", LIFT)
    assert "已经过了" in await town.press("孟姐", "", data="1.no.0~forged")
    assert (await town.case()).stage is Stage.OPEN


async def test_the_button_of_an_old_round_counts_no_more():
    town = Town(READ)
    await town.say("张阿姨", LIFT)
    await town.dispatch_says("fixed")
    await town.press("孟姐", "确认修好")
    old = town.chat.said[-1].post.buttons[0][0].data
    await town.press("李叔", "没解决")
    await town.dispatch_says("fixed")
    await town.press("孟姐", "确认修好")
    assert "已经过了" in await town.press("张阿姨", "", data=old)
    assert (await town.case()).stage is Stage.RESIDENTS_KEY


async def test_me_too_counts_each_person_once():
    town = Town(READ)
    await town.say("张阿姨", LIFT)
    await town.press("李叔", "我也是")
    assert "已经算上" in await town.press("李叔", "我也是 1")
    assert (await town.case()).followers == ("memory:李叔",)


async def test_commands_answer_and_change_nothing_they_should_not():
    town = Town(READ)
    await town.say("张阿姨", "/cases")
    assert "没有未办完" in town.texts[-1]
    await town.say("张阿姨", LIFT)
    await town.say("李叔", "/case 1")
    assert "电梯" in town.texts[-1]
    await town.say("李叔", "/withdraw 1")
    assert (await town.case()).stage is Stage.OPEN
    await town.say("张阿姨", "/withdraw")
    assert (await town.case()).stage is Stage.WITHDRAWN
    await town.say("李叔", "/bind g1")
    assert "网格员" in town.texts[-1]
    await town.say("孟姐", "/bind g1")
    assert (await town.state.talk("memory:demo")).grid == "g1"


async def test_merging_brings_people_and_messages_along():
    town = Town(READ)
    await town.say("张阿姨", LIFT)
    await town.say("李叔", "5号楼电梯也坏了")
    await town.say("孟姐", "/merge 2 1")
    first, second = await town.cases()
    assert second.stage is Stage.MERGED
    assert "memory:李叔" in first.followers


async def test_an_edit_is_kept_beside_the_first_wording():
    town = Town(READ)
    message = await town.say("张阿姨", LIFT)
    await town.say("张阿姨", "3号楼2单元电梯坏了，困人", edits=message)
    case = await town.case()
    assert case.wordings == ((message, "3号楼2单元电梯坏了，困人"),)
    assert f.Reworded in await town.facts(case)


async def test_a_poison_entry_is_buried_and_holds_nobody_up():
    town = Town(READ)
    await town.flow.heard("memory", "memory:demo", "bad", {"id": "nothing"})
    await town.say("张阿姨", LIFT)
    assert (await town.case()).stage is Stage.OPEN
    (letter,) = await town.state.dead(10)
    assert "nothing was put in" in letter.reason


async def test_the_group_can_be_english():
    town = Town({"lift broken": report("housing.elevator", "block 7")}, lang="en")
    await town.say("Ann", "lift broken")
    assert "Sent to the property company, ticket 1" in town.texts[0]
    assert town.labels() == [["Me too", "Take it back"], ["I'll handle it", "Not a problem", "More…"]]


async def test_whoever_speaks_to_the_bot_for_the_first_time_is_told_what_it_is_for():
    town = Town(READ)
    await town.say("王奶奶", "你好", addressed=True)
    assert "3号楼电梯又坏了" in town.texts[0]
    await town.say("王奶奶", "谢谢", addressed=True)
    assert len(town.texts) == 1


async def test_photos_reach_dispatch_as_signed_links():
    town = Town(READ)
    await town.say("张阿姨", LIFT, kind=Kind.PHOTO)
    (url,) = town.dispatch.filed[0].media_urls
    assert url.startswith("http://here/evidence/")
    await town.say("张阿姨", "", kind=Kind.PHOTO)
    assert "http://here/evidence/" in town.dispatch.told[-1][2]
    assert len((await town.case()).attachments) == 2


async def test_a_cry_for_help_behind_a_stuck_message_is_answered_at_once():
    town = Town(READ)
    town.nlu.down = True
    first = asyncio.create_task(town.say("张阿姨", LIFT))
    await asyncio.sleep(0.05)
    second = asyncio.create_task(town.say("李叔", "9号楼着火了快来人"))
    while not town.texts:
        await asyncio.sleep(0.01)
        await town.carrier.once()
        await town.carrier.drain()
    assert "119" in town.texts[0]
    town.nlu.down = False
    await asyncio.gather(first, second)
    assert [case.category for case in await town.cases()] == ["housing.elevator", "safety.fire"]
    assert sum("119" in text for text in town.texts) == 1


async def test_a_voice_message_without_words_waits_for_the_worker_to_listen():
    town = Town()
    await town.say("王奶奶", "", kind=Kind.VOICE)
    assert town.texts == []
    await town.say("孟姐", "/unsure")
    assert "语音" in town.texts[-1]
    await town.press("孟姐", "#1 ✓")
    assert (await town.case()).ticket
