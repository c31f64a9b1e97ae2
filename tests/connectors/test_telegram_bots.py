"""Several Telegram bots as one platform: whose a group is, who speaks to a person, and what is a bot's own."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from structlog.testing import capture_logs

from actions.errors import Gone, NotYet, Refused
from actions.message import Joined, Left, Message, Press
from actions.post import Button, Post
from connectors.moves import Moves
from connectors.pace import Limits, MemoryPace
from connectors.telegram import HANDLED, TelegramChat
from connectors.telegram_bots import MAIN, TelegramBots, accepting
from connectors.telegram_roll import Roll
from tests.telegram_simulator import TelegramSimulator
from tests.telegram_world import Group

YES = ((Button("解决了", "y1"),),)


class Deployment:
    """Two bots of one server. `known` are the groups that had a memory when there was only the main bot."""

    def __init__(self, sim: TelegramSimulator) -> None:
        self.main, self.east = sim, sim.another("770002:SIMULATED-token_of_the_east", "linli_east_bot")
        self.sims = {MAIN: self.main, "east": self.east}
        for one in self.sims.values():
            one._allowed = set(HANDLED)
        self.roll, self.known = Roll.in_memory(), set[str]()
        self.now = 1000.0
        self.bots = {
            name: TelegramChat(
                one.token,
                name=name,
                api_root=sim.url,
                moves=Moves.in_memory(),
                pace=MemoryPace(Limits(), lambda: self.now),
            )
            for name, one in self.sims.items()
        }
        self.chat = self.process()
        self.entries: list[tuple[str, dict[str, Any]]] = []

    def process(self, *names: str) -> TelegramBots:
        """The platform as one process has it, with these bots in its settings."""

        async def known(group: str) -> bool:
            return group in self.known

        bots = [bot for name, bot in self.bots.items() if name in (names or self.bots)]
        return TelegramBots(bots, self.roll, known, lambda: self.now)

    async def hear(self) -> list[Any]:
        """All that has come in at both doors, as it is understood."""
        heard: list[Any] = []
        for name, sim in self.sims.items():

            async def keep(door: str, group: str, update: str, raw: dict[str, Any]) -> bool:
                self.entries.append((update, raw))
                heard.append(await self.chat.understand(raw))
                return True

            while sim.updates:
                raw = json.loads(json.dumps(sim.updates.popleft()))
                await accepting(name, keep)("telegram", "", str(raw["update_id"]), raw)
        return heard

    async def close(self) -> None:
        for bot in self.bots.values():
            await bot.stop()


@pytest.fixture
async def two() -> AsyncIterator[Deployment]:
    async with TelegramSimulator() as sim:
        deployment = Deployment(sim)
        yield deployment
        await deployment.close()


def post_to(group: Group, text: str = "好的", **more: Any) -> Post:
    return Post(group.ref, text, "key", **more)


# --- whose a group is ---


async def test_each_speaks_in_its_own_groups_and_updates_of_the_same_number_are_two(two):
    here, there = two.main.group("城西1号"), two.east.group("城东1号")
    here.say(two.main.person("王"), "早"), there.say(two.main.person("李"), "早")
    heard = await two.hear()
    assert [type(one) for one in heard] == [Joined, Message, Joined, Message]
    assert [update for update, _ in two.entries] == ["101", "102", "east.101", "east.102"]
    for group in (here, there):
        await two.chat.post(post_to(group))
    assert here.said[0].sender == two.main.bot
    assert there.said[0].sender == two.east.bot


async def test_in_a_group_of_two_the_first_hears_and_the_second_keeps_still(two):
    wang = two.main.person("王")
    group = two.main.group("1号楼")
    await two.hear()
    with capture_logs() as logs:
        two.east.enter(group, "administrator")
        group.say(wang, "电梯坏了")
        heard = await two.hear()
    assert [one for one in heard if one] == [heard[0]], "one bot's message, and nothing else"
    assert ("telegram_second_bot", "east", MAIN) in [
        (line["event"], line.get("bot"), line.get("speaks")) for line in logs
    ]
    await two.chat.post(post_to(group))
    assert group.said[-1].sender == two.main.bot
    assert await two.roll.shared() == {group.ref: (MAIN, "east")}


async def test_a_group_from_the_time_of_one_bot_stays_with_it(two):
    group = two.main.group("1号楼")
    two.main.updates.clear()
    two.known.add(group.ref)
    two.east.enter(group)
    group.say(two.main.person("王"), "电梯坏了")
    two.main.updates.clear()  # what comes first is what the second hears
    assert await two.hear() == [None, None]
    await two.chat.post(post_to(group))
    assert group.said[-1].sender == two.main.bot


async def test_when_the_first_is_put_out_the_second_takes_over(two):
    wang = two.main.person("王")
    group = two.main.group("1号楼")
    two.east.enter(group)
    await two.hear()
    group.set_bot("kicked")
    (told,) = await two.hear()
    assert told == Joined(group.ref, "", told.at, hears_all=True), "no end, but another beginning"
    group.say(wang, "电梯坏了")
    (heard,) = [one for one in await two.hear() if one]
    assert (heard.group, heard.id) == (group.ref, str(group.messages[-1].id)), "a supergroup counts for all"
    await two.chat.post(post_to(group))
    assert group.said[-1].sender == two.east.bot
    assert await two.roll.shared() == {}


@pytest.mark.parametrize("told", ["by a refusal", "by nobody"])
async def test_an_end_of_which_nothing_was_heard_is_found_out(two, told):
    group = two.main.group("1号楼")
    two.east.enter(group)
    await two.hear()
    group.set_bot("left")
    two.main.updates.clear()
    if told == "by a refusal":
        await two.chat.post(post_to(group))
    else:
        two.now += 601  # it was believed to be there for ten minutes
        group.say(two.main.person("王"), "电梯坏了")
        assert [type(one) for one in await two.hear()] == [Message]
        await two.chat.post(post_to(group))
    assert group.said[-1].sender == two.east.bot


async def test_the_last_that_is_put_out_says_so(two):
    group = two.east.group("1号楼")
    await two.hear()
    group.set_bot("kicked")
    assert [type(one) for one in await two.hear()] == [Left]
    with pytest.raises(Gone):
        await two.chat.post(post_to(group))
    group.set_bot("member")
    assert [type(one) for one in await two.hear()] == [Joined]
    await two.chat.post(post_to(group))


async def test_a_bot_taken_out_of_the_settings_gives_its_groups_to_whoever_is_there(two):
    group = two.east.group("1号楼")
    await two.hear()
    two.main.enter(group)
    two.chat = two.process(MAIN)
    assert [type(one) for one in await two.hear()] == [Joined]
    await two.chat.post(post_to(group))
    group.say(two.main.person("王"), "早")
    raw = {**two.east.updates.pop(), "linli_bot": "east"}
    with pytest.raises(Refused, match="east is not among"):
        await two.chat.understand(raw)


# --- what is a bot's own ---


async def test_a_press_is_answered_by_the_bot_that_heard_it(two):
    group = two.east.group("1号楼")
    await two.hear()
    await two.chat.post(post_to(group, buttons=YES))
    pressed = group.press(two.main.person("王"), group.said[-1], "解决了")
    (press,) = await two.hear()
    await two.chat.answer(press.id, "谢谢")
    assert (isinstance(press, Press), pressed.answer) == (True, "谢谢")


async def test_a_press_on_a_card_of_a_bot_that_keeps_still_by_now_counts(two):
    group = two.main.group("1号楼")
    await two.hear()
    card = await two.chat.post(post_to(group, buttons=YES))
    two.east.enter(group)
    await two.hear()
    group.set_bot("left")
    await two.hear()
    two.main.enter(group)
    await two.hear()
    pressed = group.press(two.main.person("王"), group.message(int(card)), "解决了")
    (press,) = await two.hear()
    await two.chat.answer(press.id, "谢谢")
    assert pressed.answer == "谢谢"
    with pytest.raises(Refused):
        await two.chat.edit(card, post_to(group, "改"))  # whoever speaks now cannot: a new card follows


async def test_a_file_is_fetched_by_the_bot_that_heard_of_it(two):
    group = two.east.group("1号楼")
    await two.hear()
    group.photo(two.main.person("王"), content=b"\xff\xd8east")
    (heard,) = await two.hear()
    assert await two.chat.fetch(heard.attachments[0]) == b"\xff\xd8east"
    assert two.main.called("getFile") == []


async def test_messages_of_a_basic_group_are_the_bots_own(two):
    wang = two.main.person("王")
    group = two.east.group("1号楼", basic=True)
    await two.hear()
    report = group.say(wang, "电梯坏了")
    (heard,) = await two.hear()
    assert heard.id == f"east.{report.id}"
    card = await two.chat.post(post_to(group, reply_to=heard.id))
    assert group.said[-1].reply_to == report.id
    await two.chat.edit(card, post_to(group, "改"))
    assert group.said[-1].text == "改"
    group.say(wang, "在3号楼", reply_to=group.said[-1])
    assert (await two.hear())[0].reply_to == card
    group.set_bot("left")
    two.main.enter(group)
    await two.hear()
    await two.chat.post(post_to(group, reply_to=heard.id))
    assert group.said[-1].reply_to is None, "the other counts otherwise"


# --- in private ---


async def test_a_person_is_answered_by_the_bot_asked_and_spoken_to_by_the_latest(two):
    wang = two.main.person("王")
    mine, easts = two.main.private(wang), two.east.private(wang)
    mine.say(wang, "/cases"), easts.say(wang, "/cases")
    one, other = await two.hear()
    assert (one.id, other.id) == ("1", "east.1")
    await two.chat.post(Post(wang.ref, "这里", "k", reply_to=one.id))
    await two.chat.post(Post(wang.ref, "那里", "k", reply_to=other.id))
    said = await two.chat.whisper(wang.ref, "有新消息", "k2")
    assert ([x.text for x in mine.said], [x.text for x in easts.said]) == (["这里"], ["那里", "有新消息"])
    await two.chat.edit(said, Post(wang.ref, "改", "k"))
    assert easts.said[-1].text == "改"


async def test_whoever_stops_one_bot_is_spoken_to_by_another_and_is_gone_with_the_last(two):
    wang = two.main.person("王")
    chats = [two.main.private(wang), two.east.private(wang)]
    for one in chats:
        one.say(wang, "/start")
        await two.hear()
    chats[1].set_bot("kicked")
    assert await two.hear() == [None]
    await two.chat.whisper(wang.ref, "有新消息", "k")
    assert chats[0].said[-1].text == "有新消息"
    chats[0].set_bot("kicked")
    assert [type(one) for one in await two.hear()] == [Left]
    asked = len(two.main.calls) + len(two.east.calls)
    with pytest.raises(Gone):
        await two.chat.whisper(wang.ref, "有新消息", "k")
    assert len(two.main.calls) + len(two.east.calls) == asked, "nobody is asked in vain"


async def test_a_person_who_wrote_before_there_was_a_roll_is_found(two):
    wang = two.main.person("王")
    two.east.private(wang)
    await two.chat.whisper(wang.ref, "有新消息", "k")
    assert two.east.private(wang).said[-1].text == "有新消息"


async def test_the_link_leads_to_the_bot_of_the_group(two):
    group = two.east.group("1号楼")
    await two.hear()
    assert await two.chat.link("x", group.ref) == "https://t.me/linli_east_bot?start=x"
    assert await two.chat.link("x") == "https://t.me/linli_test_bot?start=x"


# --- each has its allowance ---


async def test_what_one_has_used_up_the_other_still_has(two):
    groups = [two.main.group(f"西{n}") for n in range(30)]
    far = two.east.group("东")
    await two.hear()
    for group in groups[:27]:
        await two.chat.post(post_to(group))
    with pytest.raises(NotYet):  # the last tenth is kept for warnings
        await two.chat.post(post_to(groups[27]))
    await two.chat.post(post_to(far))
    assert far.said


async def test_the_log_names_the_bot_and_never_its_token(two):
    group = two.east.group("1号楼")
    await two.hear()
    two.east.fail_next("getChatAdministrators", 400)
    with capture_logs() as logs:
        assert await two.chat.workers(group.ref) == ()
    assert [line["bot"] for line in logs] == ["east"]
    assert two.east.token not in repr(logs)


# --- the roll ---


async def test_two_processes_that_write_at_once_both_count():
    roll = Roll.in_memory()
    one = Roll(roll._recall, roll._swap)
    assert await one.add("telegram:-1", "a") == ("a",)
    assert await roll.add("telegram:-1", "b") == ("a", "b")
    assert await one.first("telegram:-1", "b") == ("b", "a")
    assert await one.drop("telegram:-1", "b") == ("a",)
    assert await one.drop("telegram:-1", "a") == ()
    assert (await one.of("telegram:-1"), await one.of("telegram:-2")) == ((), None)
