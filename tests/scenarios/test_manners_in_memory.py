"""When the bot speaks, and how much: stories from the group's side, on parts in memory."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from actions.case import Stage
from actions.message import Kind, Message, Role
from actions.policy import Policy
from actions.reading import Intent, Urgency
from bot.flow import Flow
from bot.hands import Hands
from bot.work import Carrier, Reader
from connectors.memory_chat import MemoryChat
from tests.town import GROUP, Town, means, report

LIFT, LAMP, FIRE = "3号楼2单元电梯又坏了", "东门口路灯不亮", "9号楼着火了快来人"
READ = {
    LIFT: report("housing.elevator", "3号楼2单元"),
    LAMP: report("municipal.streetlight", "东门口"),
    "电梯坏了": report("housing.elevator"),
    "说不准什么坏了": report("other", "3号楼", sure=0.7),
    "3号楼": means(Intent.DETAIL, "3号楼"),
    "我们也坐不了": means(Intent.SECOND),
    "搞错了": means(Intent.WITHDRAW),
    "还是坏的": means(Intent.DISPUTED),
    "修好了": means(Intent.RESOLVED),
    "怎么还没人来": means(Intent.URGE),
    FIRE: report("safety.fire", "9号楼", urgency=Urgency.EMERGENCY),
    **{f"{n}号楼电梯停了": report("housing.elevator", f"{n}号楼") for n in range(1, 41)},
}
PAUSE, SECOND = Policy().pause, timedelta(seconds=1)
NIGHT, HOUR = timedelta(hours=8), timedelta(hours=1)  # a town begins at four in the afternoon
WORKER = "memory:孟姐"
FOR_THE_WORKER = Policy(file_at_once=False)


async def reported(policy: Policy | None = None) -> Town:
    town = Town(READ, policy=policy)
    await town.say("张阿姨", LIFT)
    return town


# --- the pause --------------------------------------------------------------------------------------------


async def test_what_comes_in_the_pause_is_on_the_one_card_and_nobody_is_asked():
    town = Town(READ)
    await town.say("张阿姨", "电梯坏了")
    await town.wait(timedelta(seconds=20))
    assert town.texts == []
    await town.say("李叔", "3号楼", reply_to="1")
    (card,) = town.texts
    assert "3号楼" in card
    assert "请问在哪里" not in card
    await town.wait(HOUR)
    assert len(town.texts) == 1


async def test_what_is_taken_back_in_the_pause_is_never_spoken_of():
    town = Town(READ)
    await town.say("张阿姨", "电梯坏了")
    await town.say("张阿姨", "搞错了")
    await town.wait(HOUR)
    assert town.texts == []
    assert (await town.case()).stage is Stage.WITHDRAWN


async def test_an_emergency_does_not_pause():
    town = Town({"着火了快来人": report("safety.fire", urgency=Urgency.EMERGENCY)})
    await town.say("张阿姨", "着火了快来人")
    (card,) = town.texts
    assert card.startswith("⚠️")
    assert "请问在哪里" in card
    assert ("memory:孟姐", "孟姐") in town.chat.said[0].post.mentions


# --- one after another ------------------------------------------------------------------------------------


async def test_a_question_that_would_be_second_in_a_row_stands_on_the_card_and_reaches_the_worker_in_private():
    town = await reported()
    await town.dispatch_says("fixed", "已更换门机")
    (card,) = town.texts
    assert "已更换门机" in card
    assert town.labels() == [["确认修好", "还没修好"]]
    assert town.chat.said[0].post.mentions == ((WORKER, "孟姐"),)
    ((person, text, _),) = town.chat.whispered
    assert (person, "已更换门机" in text) == (WORKER, True)
    await town.say("李叔", "早上好")
    assert len(town.texts) == 1, "the worker knows already"
    await town.press("孟姐", "确认修好")
    assert town.labels(0) == [], "the card has the keys no more: the question to the residents has them"
    assert town.labels() == [["解决了", "没解决"], ["修了一半"]]


async def test_a_worker_who_cannot_be_reached_in_private_is_asked_when_somebody_has_spoken():
    town = await reported()
    town.chat.strangers = {WORKER}
    await town.dispatch_says("fixed", "已更换门机")
    assert len(town.texts) == 1
    await town.say("李叔", "早上好")
    assert len(town.texts) == 1, "chatter is no occasion"
    await town.say("李叔", "我们也坐不了", reply_to="1")
    assert town.labels() == [["确认修好", "还没修好"]]
    assert town.chat.said[-1].post.mentions == ((WORKER, "孟姐"),)
    assert town.labels(0) == [], "the keys went from the card to the question"
    await town.say("李叔", "早上好")
    assert len(town.texts) == 2, "asked once"


async def test_what_waited_is_not_said_when_its_moment_has_passed():
    town = await reported()
    town.chat.strangers = {WORKER}
    await town.dispatch_says("fixed")
    await town.press("孟姐", "确认修好", on=0)
    await town.say("李叔", "早上好")
    assert [row for n in range(len(town.texts)) for row in town.labels(n)] == [
        ["解决了", "没解决"],
        ["修了一半"],
    ]


async def test_edits_pass_while_a_question_waits():
    town = await reported()
    town.chat.strangers = {WORKER}
    await town.dispatch_says("fixed")
    await town.press("李叔", "我也是", data=town.chat.edits[0][1].buttons[0][0].data)
    assert "另有 1 人" in town.texts[0]


async def test_a_press_is_a_person_who_was_there():
    town = await reported(FOR_THE_WORKER)
    await town.press("孟姐", "我来处理")
    await town.press("孟姐", "处理好了")
    assert town.labels() == [["解决了", "没解决"], ["修了一半"]]


async def test_a_refused_ticket_stands_on_the_card_and_is_told_to_the_worker():
    town = Town(READ)
    town.dispatch.refusing = "no such service"
    await town.say("张阿姨", LIFT)
    (card,) = town.texts
    assert "no such service" in card
    assert "no such service" in town.chat.whispered[0][1]


async def test_what_waits_survives_a_restart():
    town = await reported()
    town.chat.strangers = {WORKER}
    await town.dispatch_says("fixed")
    town.flow = Flow(town.house)
    town.reader = Reader(town.house, town.flow)
    town.carrier = Carrier(town.house, town.flow, Hands(town.house))
    await town.wait(HOUR)
    assert len(town.texts) == 1
    await town.say("李叔", "早上好")
    assert town.labels() == [["确认修好", "还没修好"]]


async def test_what_found_nobody_for_a_day_is_not_said():
    town = await reported(replace(Policy(), waits={**Policy().waits, "worker_key": timedelta(days=9)}))
    town.chat.strangers = {WORKER}
    await town.dispatch_says("fixed")
    await town.wait(timedelta(hours=25))
    await town.say("李叔", "早上好")
    assert len(town.texts) == 1
    assert (await town.state.talk(GROUP)).waiting == ()


async def test_whoever_says_that_it_is_fixed_is_answered_and_whoever_presses_gives_the_mark_there():
    town = await reported()
    await town.dispatch_says("fixed")
    await town.press("孟姐", "确认修好")
    question = len(town.texts) - 1
    await town.press("张阿姨", "解决了")
    assert len(town.texts) == question + 1, "no new message"
    assert town.labels(question) == [["1", "2", "3", "4", "5"]]
    assert "张阿姨: 解决了" in town.texts[question]
    town = await reported()
    await town.dispatch_says("fixed")
    await town.press("孟姐", "确认修好")
    await town.say("张阿姨", "修好了")
    assert len(town.texts) == question + 2, "words are answered with words"
    assert town.labels() == [["1", "2", "3", "4", "5"]]


async def test_a_key_on_the_card_gives_way_to_the_mark_on_the_card():
    town = await reported(Policy(share=0.01, share_floor=1))
    await town.dispatch_says("fixed")
    await town.press("孟姐", "确认修好")
    assert len(town.texts) == 1, "beyond its share the bot asks by the card alone"
    await town.press("张阿姨", "解决了")
    assert town.labels(0) == [["1", "2", "3", "4", "5"], ["没解决", "修了一半"]]
    await town.press("张阿姨", "4")
    assert "★ 4.0" in town.texts[0]


# --- reminders --------------------------------------------------------------------------------------------


async def test_a_worker_is_reminded_in_private_and_the_card_carries_a_clock():
    town = await reported(FOR_THE_WORKER)
    await town.wait(timedelta(minutes=31))
    assert len(town.texts) == 1
    assert "⏰" in town.texts[0]
    assert town.chat.whispered[0][0] == WORKER


async def test_a_worker_who_cannot_be_reached_is_called_by_name_when_somebody_speaks_of_the_case():
    town = await reported(FOR_THE_WORKER)
    town.chat.strangers = {WORKER}
    await town.wait(timedelta(minutes=31))
    await town.say("李叔", "早上好")
    assert len(town.texts) == 1, "not into the middle of chatter"
    urge = await town.say("张阿姨", "怎么还没人来")
    assert len(town.texts) == 2
    post = town.chat.said[-1].post
    assert (post.reply_to, post.mentions) == (urge, ((WORKER, "孟姐"),))


# --- quiet hours ------------------------------------------------------------------------------------------


async def test_at_night_cards_and_questions_come_without_a_sound_and_reminders_wait_for_the_morning():
    town = Town(READ)
    await town.wait(NIGHT)
    await town.say("张阿姨", LIFT)
    await town.say("李叔", "早上好")
    await town.dispatch_says("fixed")
    assert [said.post.silent for said in town.chat.said] == [True, True]
    assert town.labels(1) == [["确认修好", "还没修好"]]
    await town.wait(timedelta(hours=5))
    assert len(town.texts) == 2
    assert town.chat.whispered == []


async def test_an_emergency_waits_for_no_morning():
    town = Town(READ)
    await town.wait(NIGHT)
    await town.say("张阿姨", FIRE)
    (post,) = (said.post for said in town.chat.said)
    assert not post.silent
    assert "119" in post.text
    assert "#1" in post.text


async def test_without_quiet_hours_the_night_is_as_the_day():
    town = Town(READ, policy=Policy(quiet_from=None, quiet_until=None))
    await town.wait(NIGHT)
    await town.say("张阿姨", LIFT)
    await town.say("李叔", "早上好")
    await town.dispatch_says("fixed")
    assert [said.post.silent for said in town.chat.said] == [False, False]


# --- the share --------------------------------------------------------------------------------------------


async def test_beyond_its_share_the_bot_files_and_keeps_still():
    town = Town(READ)
    for n in range(1, 21):
        await town.say(f"r{n}", f"{n}号楼电梯停了")
    assert len(town.dispatch.filed) == 20
    assert len(town.texts) == 12, "twelve in the first hundred"
    await town.say("r1", FIRE)
    assert len(town.texts) == 13, "an emergency has no share to keep to"


async def test_what_was_left_out_is_listed_once_when_there_is_room_again():
    town = Town(READ)
    for n in range(1, 21):
        await town.say(f"r{n}", f"{n}号楼电梯停了")
    for n in range(300):
        await town.say(f"r{n % 7}", "早上好")
    await town.wait(timedelta(minutes=30))
    assert len(town.texts) == 12
    await town.say("r3", "怎么还没人来")
    await town.wait(timedelta(minutes=30))
    assert [text.count("#") for text in town.texts[12:]] == [8]
    assert len(await town.cases()) == 20


# --- after downtime ---------------------------------------------------------------------------------------


async def backlog(town: Town, *texts: str) -> None:
    """Messages that were written while Linli was away, read all at once."""
    begun = town.clock.now()
    town.clock.set(begun + timedelta(hours=2))
    for n, text in enumerate(texts):
        at = begun + timedelta(minutes=n)
        message = Message(GROUP, f"old{n}", f"memory:r{n}", f"r{n}", Role.RESIDENT, at, Kind.TEXT, text)
        town.chat.heard[message.id] = message
        await town.flow.heard("memory", GROUP, message.id, {"id": message.id})
    await town.settle()


async def test_a_backlog_is_filed_and_answered_with_one_list():
    town = Town(READ)
    await town.say("张阿姨", "早上好")
    await backlog(town, "早上好", LIFT, "1号楼电梯停了", "早上好", LAMP, "早上好", "2号楼电梯停了")
    assert len(town.dispatch.filed) == 4
    await town.wait(timedelta(minutes=2))
    (listed,) = town.texts
    assert all(f"#{n} " in listed for n in (1, 2, 3, 4))


async def test_old_commands_do_not_flood_the_group_with_answers():
    town = Town(READ)
    await backlog(town, "/cases", "早上好", "/cases", "/help")
    assert len(town.texts) == 1
    await town.say("张阿姨", "/cases")
    assert len(town.texts) == 2


async def test_a_listed_case_gets_its_card_when_somebody_speaks_of_it_again():
    town = Town(READ)
    await backlog(town, LIFT, "1号楼电梯停了")
    await town.wait(timedelta(minutes=2))
    assert len(town.texts) == 1
    await town.dispatch_says("accepted")
    assert len(town.texts) == 1, "not for dispatch's sake"
    await town.say("李叔", LIFT)
    assert len(town.texts) == 2
    assert (await town.cases())[0].post("card")


async def test_a_single_old_report_gets_its_card():
    town = Town(READ)
    await backlog(town, "早上好", LIFT)
    await town.wait(timedelta(minutes=2))
    (card,) = town.chat.said
    assert card.post.reply_to == "old1"


# --- whatever happens -------------------------------------------------------------------------------------


class Counting(MemoryChat):
    """Notes for every message of the bot how many people had written or pressed before it."""

    def __init__(self) -> None:
        super().__init__()
        self.people = 0
        self.before: list[int] = []

    async def post(self, post):
        count = len(self.said)
        message = await super().post(post)
        if len(self.said) > count:
            self.before.append(self.people)
        return message


STEPS = st.lists(
    st.one_of(
        st.sampled_from(
            [LIFT, LAMP, "电梯坏了", "早上好", "我们也坐不了", "还是坏的", "修好了", "怎么还没人来", "3号楼"]
        ),
        st.sampled_from(["accepted", "returned", "fixed", "in_progress"]).map(
            lambda status: ("desk", status)
        ),
        st.sampled_from(
            ["确认修好", "还没修好", "解决了", "没解决", "我来处理", "处理好了", "派单", "1"]
        ).map(lambda label: ("press", label)),
        st.sampled_from([1, 50, 700, 2000, 20_000, 60_000]).map(lambda seconds: ("wait", seconds)),
    ),
    max_size=25,
)


async def do(town: Town, step) -> None:
    match step:
        case ("desk", status):
            if town.dispatch.filed:
                await town.dispatch_says(status)
        case ("press", label):
            if any(label in row for n in range(len(town.texts)) for row in town.labels(n)):
                town.chat.people += 1
                await town.press("孟姐" if label not in ("解决了", "没解决", "1") else "李叔", label)
        case ("wait", seconds):
            await town.wait(timedelta(seconds=seconds))
        case text:
            town.chat.people += 1
            await town.say("张阿姨", text)


@settings(max_examples=80, deadline=None)
@given(STEPS, st.booleans())
async def test_whatever_happens_a_person_speaks_between_two_messages_of_the_bot(steps, strange):
    town = Town(READ)
    town.house.chats["memory"] = town.chat = Counting()
    town.chat.staff, town.chat.strangers = ((WORKER, "孟姐"),), {WORKER} if strange else set()
    for step in steps:
        await do(town, step)
    assert sorted(set(town.chat.before)) == town.chat.before, town.texts
