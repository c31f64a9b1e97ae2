"""Stories of the digest: what a group hears of its day, and what those who oversee it hear in the morning."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from actions.case import Stage
from actions.levels import Level
from actions.message import Left
from actions.policy import Policy
from actions.post import Post
from actions.reading import Intent
from bot.flow import Flow
from bot.hands import Hands
from bot.people import Area, Worker
from bot.ports import State
from bot.settings import Grid
from bot.work import Carrier, Reader
from connectors.memory_chat import MemoryChat
from connectors.memory_state import MemoryState
from connectors.redis_state import RedisState
from tests.real_redis import real_redis
from tests.town import GROUP, Town, means, report

LIFT, LAMP, BEATEN = "3号楼2单元电梯又坏了", "东门口路灯不亮", "他又打我了，在家里"
READ = {
    LIFT: report("housing.elevator", "3号楼2单元"),
    LAMP: report("traffic.streetlight", "东门口"),
    BEATEN: report("disputes.family", "5号楼"),
    "搞错了": means(Intent.WITHDRAW),
    "电梯坏了": report("housing.elevator"),
    **{f"{n}号楼电梯停了": report("housing.elevator", f"{n}号楼") for n in range(1, 21)},
}
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
EVENING = timedelta(hours=2, minutes=30)
"""A town begins at four in the afternoon; so long until half past six."""
SUPERVISOR, WORKER = "memory:周书记", "memory:孟姐"
PATIENT = Policy(waits=dict.fromkeys(Policy().waits, timedelta(days=30)))
HIERARCHY = {
    "area": (
        Area(id="street", name="春风街道", level=Level.STREET),
        Area(
            id="north",
            name="北社区",
            level=Level.COMMUNITY,
            parent="street",
            supervisors=(Worker(id=SUPERVISOR, name="周书记"),),
        ),
    ),
}
GRIDS = (Grid(id="g1", name="第一网格", area="north", groups=(GROUP,), workers=(Worker(id=WORKER),)),)


def village(policy: Policy = PATIENT, **more: object) -> Town:
    return Town(READ, policy=policy, digests=True, **more)


def overseen(policy: Policy = PATIENT) -> Town:
    return village(policy, people=HIERARCHY, grids=GRIDS)


def digests(town: Town) -> list[str]:
    return [text for text in town.texts if text.startswith("📋")]


def told(town: Town, person: str = SUPERVISOR) -> list[str]:
    return [text for to, text, _ in town.chat.whispered if to == person and text.startswith("📋")]


def restarted(town: Town) -> None:
    town.flow = Flow(town.house)
    town.reader = Reader(town.house, town.flow)
    town.carrier = Carrier(town.house, town.flow, Hands(town.house))


# --- the group ---------------------------------------------------------------------------------------------


async def test_in_the_evening_the_group_hears_once_of_its_day():
    town = village()
    await town.say("张阿姨", LIFT)
    await town.say("李叔", LAMP)
    await town.dispatch_says("fixed", ticket="2")
    await town.say("孟姐", "我去看看")
    await town.press("孟姐", "确认修好")
    await town.say("李叔", "好的")
    await town.press("李叔", "解决了")
    await town.wait(EVENING - timedelta(minutes=1))
    assert digests(town) == []
    await town.wait(timedelta(minutes=1))
    (text,) = digests(town)
    assert "新报 2 件 · 办结 1 件 · 还在办 1 件" in text
    assert "🔴 #1 电梯故障 · 3号楼2单元" in text
    assert "✔ #2" in text
    assert "张阿姨" not in text
    assert "又坏了" not in text
    await town.wait(5 * HOUR)
    assert len(digests(town)) == 1


async def test_as_long_as_something_is_open_there_is_one_every_evening_and_then_none():
    town = village()
    await town.say("张阿姨", LIFT)
    for n in range(1, 4):
        await town.wait(DAY)
        assert len(digests(town)) == n
    await town.say("张阿姨", "搞错了")
    await town.wait(5 * DAY)
    assert len(digests(town)) == 3, "what was taken back is nothing to tell"
    assert await town.state.next_due() is None, "a group in which nothing happens costs nothing"


async def test_where_nothing_happened_nothing_is_said_nor_ordered():
    town = village()
    await town.say("张阿姨", "早上好")
    assert await town.state.next_due() is None
    await town.wait(3 * DAY)
    assert town.texts == []


async def test_what_comes_after_the_digest_is_told_the_next_day():
    town = village()
    await town.wait(EVENING + HOUR)
    await town.say("张阿姨", LIFT)
    await town.wait(5 * HOUR)
    assert digests(town) == []
    await town.wait(18 * HOUR)
    (text,) = digests(town)
    assert "新报 1 件" in text


async def test_at_most_eight_are_named():
    town = village(replace(PATIENT, share=1.0))
    for n in range(1, 13):
        await town.say("张阿姨", f"{n}号楼电梯停了")
    await town.wait(EVENING)
    (text,) = digests(town)
    assert text.count("#") == 8
    assert "还有 4 件" in text


async def test_a_private_case_is_in_no_digest_of_the_group():
    town = village()
    await town.say("张阿姨", BEATEN)
    await town.wait(DAY)
    assert digests(town) == []
    await town.say("李叔", LAMP)
    await town.wait(DAY)
    (text,) = digests(town)
    assert "新报 1 件 · 还在办 1 件" in text
    assert "#1" not in text
    assert "5号楼" not in text


async def test_at_night_it_comes_without_a_sound():
    town = village(replace(PATIENT, digest_at=time(23)))
    await town.say("张阿姨", LIFT)
    await town.wait(8 * HOUR)
    assert town.chat.said[-1].post.text.startswith("📋")
    assert town.chat.said[-1].post.silent
    day = village()
    await day.say("张阿姨", LIFT)
    await day.wait(8 * HOUR)
    assert not day.chat.said[-1].post.silent


async def test_never_means_never():
    town = village(replace(PATIENT, digest_at=None))
    await town.say("张阿姨", LIFT)
    await town.wait(3 * DAY)
    assert digests(town) == []


async def test_a_group_that_put_the_bot_out_hears_nothing():
    town = village()
    await town.say("张阿姨", LIFT)
    await town.hear(Left(GROUP, town.clock.now()))
    await town.wait(2 * DAY)
    assert digests(town) == []


# --- the share of the talk ------------------------------------------------------------------------------------


async def spent() -> Town:
    """A town in which the bot has said all that it may today."""
    town = village(replace(PATIENT, share=0.01, share_floor=1))
    await town.say("张阿姨", LIFT)
    await town.wait(EVENING)
    assert len(town.texts) == 1
    return town


async def test_where_the_share_is_used_up_it_waits_until_somebody_speaks():
    town = await spent()
    for _ in range(110):
        await town.say("李叔", "今天天气好")
    assert digests(town) == [], "chatter is no occasion"
    town.house.grids._policy = replace(town.house.grids._policy, share=0.12)
    await town.press("王姐", "我也是")
    assert len(digests(town)) == 1
    await town.say("李叔", LAMP)
    assert len(digests(town)) == 1


async def test_after_midnight_it_is_left_out_and_the_next_one_comes():
    town = await spent()
    await town.wait(6 * HOUR)
    town.house.grids._policy = replace(town.house.grids._policy, share=0.12, share_floor=3)
    await town.press("王姐", "我也是")
    assert digests(town) == []
    assert (await town.state.talk(GROUP)).waiting == ()
    await town.wait(DAY)
    assert len(digests(town)) == 1


async def test_the_digest_counts_in_the_share():
    town = village(replace(PATIENT, share=0.01, share_floor=2))
    await town.say("张阿姨", LIFT)
    await town.wait(EVENING)
    assert len(digests(town)) == 1
    await town.say("李叔", LAMP)
    await town.wait(HOUR)
    assert len(town.texts) == 2, "its card waits"


# --- once -----------------------------------------------------------------------------------------------------


async def test_a_restart_between_changes_nothing():
    town = overseen()
    await town.say("张阿姨", LIFT)
    restarted(town)
    await town.wait(EVENING)
    restarted(town)
    await town.wait(15 * HOUR)
    restarted(town)
    await town.wait(HOUR)
    assert (len(digests(town)), len(told(town))) == (1, 1)


class Counting(MemoryChat):
    """A platform that says a thing as often as it is told to, as Telegram does; `told` are the keys."""

    def __init__(self) -> None:
        super().__init__()
        self.staff, self.told = ((WORKER, "孟姐"),), Counter[str]()

    async def post(self, post: Post) -> str:
        self.told[post.key] += 1
        await asyncio.sleep(0)
        return await super().post(post)

    async def whisper(self, person: str, text: str, key: str, *rest: object, **more: bool) -> str:
        self.told[key] += 1
        await asyncio.sleep(0)
        return await super().whisper(person, text, key, *rest, **more)


async def two_processes(*states: State) -> Counter[str]:
    """What is told, and how often, by two processes that share all but their memory."""
    towns = [Town(READ, policy=PATIENT, digests=True, people=HIERARCHY, grids=GRIDS, state=s) for s in states]
    first, second = towns
    chat = first.chat = Counting()
    for town in towns:
        town.house.chats, town.house.clock = {"memory": chat}, first.clock
        restarted(town)
    await first.say("张阿姨", LIFT)
    for time_goes in (EVENING, timedelta(hours=14), timedelta(minutes=1), HOUR):
        first.clock.set(first.clock.now() + time_goes)
        for _ in range(4):
            await asyncio.gather(first.carrier.once(), second.carrier.once())
            await asyncio.gather(first.carrier.drain(), second.carrier.drain())
    return Counter({key: times for key, times in chat.told.items() if "digest" in key})


EACH_ONCE = {f"{GROUP}:digest:2026-03-02": 1, f"{SUPERVISOR}:digests:2026-03-03": 1}


async def test_two_processes_say_it_once():
    state = MemoryState()
    assert await two_processes(state, state) == EACH_ONCE


async def test_two_processes_on_a_real_redis_say_it_once(tmp_path):
    async with real_redis(tmp_path / "redis") as server:
        states = [RedisState.at(server.url) for _ in range(2)]
        await states[0].start()
        assert await two_processes(*states) == EACH_ONCE
        for state in states:
            await state.stop()


async def test_what_a_process_was_cut_off_in_is_left_out_rather_than_said_twice():
    town = village()
    await town.say("张阿姨", LIFT)
    town.clock.set(town.clock.now() + EVENING)
    due = await town.state.order(f"{GROUP}:digest:2026-03-02", GROUP)
    dying = Carrier(town.house, town.flow, Hands(town.house))
    assert await dying._courtesy.granted(due)
    restarted(town)
    await town.wait(5 * HOUR)
    assert digests(town) == []
    await town.wait(DAY)
    assert len(digests(town)) == 1


async def test_what_cannot_be_said_now_is_said_later_by_the_same_process():
    town = village()
    await town.say("张阿姨", LIFT)
    await town.wait(EVENING - timedelta(seconds=1))
    town.chat.down = True
    town.clock.set(town.clock.now() + timedelta(seconds=1))
    await town.carrier.once()
    await town.carrier.drain()
    town.chat.down = False
    await town.wait(HOUR)
    assert len(digests(town)) == 1


# --- those who oversee it ----------------------------------------------------------------------------------------


async def test_in_the_morning_the_supervisor_hears_of_the_day_before():
    town = overseen()
    await town.say("张阿姨", LIFT)
    await town.say("李叔", "今天天气好")
    await town.say("王姐", "早上好")
    await town.dispatch_says("fixed")
    await town.press("孟姐", "还没修好")
    await town.wait(17 * HOUR)
    (text,) = told(town)
    assert text.startswith("📋 北社区 · 3月2日")
    assert "新增 1" in text
    assert "读消息 3 条" in text
    assert "闲聊不出声 2 条" in text
    assert "自动派单 1" in text
    assert "网格员自己动手 1 次" in text
    assert "每次按 0 点击计，不估算时间" in text
    await town.wait(5 * HOUR)
    assert len(told(town)) == 1


async def test_a_private_case_counts_for_the_supervisor():
    town = overseen()
    await town.say("张阿姨", BEATEN)
    await town.wait(17 * HOUR)
    (text,) = told(town)
    assert "立件 1" in text
    assert "5号楼" not in text
    assert "打" not in text


async def test_a_supervisor_of_two_communities_has_one_digest_with_both():
    south = Area(
        id="south",
        name="南社区",
        level=Level.COMMUNITY,
        parent="street",
        supervisors=(Worker(id=SUPERVISOR),),
    )
    people = {"area": (*HIERARCHY["area"], south)}
    other = Grid(
        id="g2", name="第二网格", area="south", groups=("memory:south",), workers=(Worker(id=WORKER),)
    )
    town = village(people=people, grids=(*GRIDS, other))
    await town.say("张阿姨", LIFT)
    await town.say("李叔", LAMP, group="memory:south")
    await town.wait(17 * HOUR)
    (text,) = told(town)
    assert text.startswith("📋 北社区 · 南社区")
    assert "北社区：新报 1" in text
    assert "南社区：新报 1" in text
    assert "读消息 2 条" in text


async def test_one_above_the_communities_hears_by_community():
    street = replace_supervisors()
    town = village(people=street, grids=GRIDS)
    await town.say("张阿姨", LIFT)
    await town.wait(17 * HOUR)
    assert len(told(town, "memory:刘主任")) == 1
    assert len(told(town)) == 1


def replace_supervisors() -> dict[str, object]:
    street, north = HIERARCHY["area"]
    return {"area": (street.model_copy(update={"supervisors": (Worker(id="memory:刘主任"),)}), north)}


async def test_who_cannot_be_reached_is_skipped():
    town = overseen()
    town.chat.strangers = {SUPERVISOR}
    await town.say("张阿姨", LIFT)
    await town.wait(17 * HOUR)
    assert told(town) == []
    assert await town.state.dead(10) == []
    town.chat.strangers = set()
    await town.wait(DAY)
    assert len(told(town)) == 1


async def test_workers_hear_only_where_the_policy_says_so():
    town = overseen()
    await town.say("张阿姨", LIFT)
    await town.wait(17 * HOUR)
    assert told(town, WORKER) == []
    told_too = overseen(replace(PATIENT, worker_digest=True))
    await told_too.say("张阿姨", LIFT)
    await told_too.wait(17 * HOUR)
    assert len(told(told_too, WORKER)) == 1
    assert len(told(told_too)) == 1


async def test_workers_whom_the_platform_names_hear_of_their_groups():
    town = village(replace(PATIENT, worker_digest=True))
    await town.say("张阿姨", LIFT)
    await town.say("李叔", LAMP, group="memory:south")
    await town.wait(17 * HOUR)
    (text,) = told(town, WORKER)
    assert "读消息 2 条" in text


async def test_after_days_without_anything_the_supervisor_hears_nothing():
    town = overseen()
    await town.say("张阿姨", LIFT)
    await town.say("张阿姨", "搞错了")
    await town.wait(17 * HOUR)
    before = len(told(town))
    await town.wait(5 * DAY)
    assert len(told(town)) == before
    assert (await town.case()).stage is Stage.WITHDRAWN


async def test_what_was_read_is_kept_for_eight_days():
    town = village()
    for _ in range(12):
        await town.say("李叔", "今天天气好")
        await town.wait(DAY)
    days = (await town.state.talk(GROUP)).days
    assert [one.day for one in days] == [date(2026, 3, 6) + n * DAY for n in range(8)]
    assert {(one.read, one.silent) for one in days} == {(1, 1)}
    assert town.clock.now() > datetime(2026, 3, 12, tzinfo=UTC)
