"""Work: order within a group and a lane, patience with what is away, and a grave for what cannot succeed."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from actions import facts as f
from actions import orders as o
from actions.errors import Refused, Unreachable
from actions.ledger import Change, Due, Stale
from bot.flow import Flow
from bot.hands import Hands
from bot.work import SAID_WITHIN, SURPRISES, Carrier, Reader, back_off, lane_of
from connectors.memory_state import MemoryState
from tests.town import GROUP, MORNING, Town, report

LIFT = "3号楼电梯坏了"
OTHER = "memory:other"
READ = {LIFT: report("housing.elevator", "3号楼")}


class FakeFlow:
    """Remembers what was handled; `fails` says what the next tries of an update meet."""

    def __init__(self, state):
        self.state, self.handled, self.fails = state, [], {}
        self.gate = asyncio.Event()
        self.gate.set()

    async def handle(self, entry):
        if entry.group == GROUP:
            await self.gate.wait()
        if waiting := self.fails.get(entry.update):
            raise waiting.pop(0)
        self.handled.append(entry.update)
        await self.state.save(Change(talk=await self.state.talk(entry.group), entry=entry))


@pytest.fixture
def town():
    return Town(READ)


@pytest.fixture
def flow(town):
    return FakeFlow(town.state)


@pytest.fixture
def reader(town, flow):
    return Reader(town.house, flow)


async def hear(town, *updates, group=GROUP):
    for update in updates:
        await town.state.accept("memory", group, update, "{}", MORNING)


# --- the inbox ----------------------------------------------------------------------------------------------


async def test_a_group_is_read_in_the_order_of_its_messages(town, flow, reader):
    await hear(town, *map(str, range(20)))
    await reader.once()
    assert flow.handled == [str(n) for n in range(20)]


async def test_a_slow_group_holds_up_nobody_else(town, flow, reader):
    flow.gate.clear()
    await hear(town, "slow", "slower")
    await hear(town, "quick", group=OTHER)
    reading = asyncio.create_task(reader.once())
    async with asyncio.timeout(10):
        while "quick" not in flow.handled:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert flow.handled == ["quick"]
    flow.gate.set()
    await reading
    assert flow.handled == ["quick", "slow", "slower"]


@pytest.mark.parametrize("poison", [ValueError("no use"), KeyError("text"), Refused("no")])
async def test_poison_is_buried_and_the_next_is_read(town, flow, reader, poison):
    flow.fails["bad"] = [poison]
    await hear(town, "bad", "good")
    await reader.once()
    assert flow.handled == ["good"]
    (letter,) = await town.state.dead(10)
    assert (letter.group, letter.what, letter.body) == (GROUP, "memory", "{}")
    assert (await town.state.depth())["inbox"] == 0


@pytest.mark.parametrize("failure", [Unreachable("away"), RuntimeError("a surprise"), Stale(GROUP)])
async def test_what_fails_for_a_time_is_tried_again_in_its_place(town, flow, reader, failure):
    flow.fails["first"] = [failure]
    await hear(town, "first", "second")
    await reader.once()
    assert flow.handled == ["first", "second"]
    assert await town.state.dead(10) == []


async def test_what_is_in_hand_at_the_end_stays_in_the_inbox(town, flow, reader):
    flow.gate.clear()
    await hear(town, "u1")
    reading = asyncio.create_task(reader.once())
    await asyncio.sleep(0)
    await reader.stop()
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    assert (await town.state.depth())["inbox"] == 1


class Contested(MemoryState):
    """Somebody else saves the group's memory just before we do, so many times."""

    rivals = 0

    async def save(self, change):
        if self.rivals:
            self.rivals -= 1
            await super().save(Change(talk=await self.talk(change.talk.group)))
        return await super().save(change)


async def test_a_stale_save_is_decided_again(town):
    state = Contested()
    town.state = town.house.state = state
    town.flow = Flow(town.house)
    town.reader = Reader(town.house, town.flow)
    town.carrier = Carrier(town.house, town.flow, Hands(town.house))
    state.rivals = 3
    await town.say("张阿姨", LIFT)
    assert len(await state.cases(GROUP)) == 1
    assert state.rivals == 0
    assert await state.dead(10) == []


def test_waits_grow_and_never_undercut_what_was_asked():
    assert 0.8 <= back_off(1) <= 1.2
    assert back_off(30) <= 360
    assert back_off(1, 77) == 77


# --- due orders ---------------------------------------------------------------------------------------------


class FakeHands:
    """Remembers what was carried out; `fails` says what the next tries of an order meet."""

    def __init__(self):
        self.done, self.fails = [], {}

    async def carry_out(self, due):
        name = due.order.note
        if waiting := self.fails.get(name):
            raise waiting.pop(0)
        self.done.append(name)


@pytest.fixture
def hands():
    return FakeHands()


@pytest.fixture
def carrier(town, hands):
    return Carrier(town.house, town.flow, hands)


def say(n, name, version=1, group=GROUP, at=MORNING):
    case = f"{group}:1"
    return Due(
        o.Say(key=f"{case}:{version}:{n}", case=case, sentence=o.Sentence.DISPUTED, note=name), group, at
    )


async def order(town, *dues):
    for group in {due.group for due in dues}:
        mine = tuple(due for due in dues if due.group == group)
        await town.state.save(Change(talk=await town.state.talk(group), orders=mine))


async def carry(town, carrier, until=timedelta(0)):
    """Everything that falls due until then, on the town's clock."""
    end = MORNING + until
    while True:
        while await carrier.once():
            await carrier.drain()
        if town.clock.now() >= end:
            return
        town.clock.set(min(town.clock.now() + timedelta(seconds=1), end))


async def test_a_groups_sentences_keep_their_order(town, hands, carrier):
    await order(town, *[say(n, str(n)) for n in (2, 10, 0, 1)], say(0, "later", version=2))
    await carry(town, carrier)
    assert hands.done == ["0", "1", "2", "10", "later"]


async def test_a_held_lane_keeps_its_order_and_holds_up_no_other(town, hands, carrier):
    hands.fails["a"] = [Unreachable("flood", 30)]
    await order(town, say(0, "a"), say(1, "b"), say(0, "other", group=OTHER))
    await carry(town, carrier, timedelta(seconds=5))
    assert hands.done == ["other"]
    await order(town, replace(say(0, "c", version=2), at=town.clock.now()))
    await carry(town, carrier, timedelta(seconds=20))
    assert hands.done == ["other"], "what came later waits behind"
    await carry(town, carrier, timedelta(seconds=60))
    assert hands.done == ["other", "a", "b", "c"]


async def test_a_refused_order_is_buried_and_the_next_goes_on(town, hands, carrier):
    hands.fails["a"] = [Refused("kicked out")]
    await order(town, say(0, "a"), say(1, "b"))
    await carry(town, carrier)
    assert hands.done == ["b"]
    (letter,) = await town.state.dead(10)
    assert (letter.what, letter.reason) == ("Say", "kicked out")


async def test_a_surprise_is_buried_after_some_tries(town, hands, carrier):
    hands.fails["a"] = [RuntimeError("never seen")] * (SURPRISES + 9)
    await order(town, say(0, "a"), say(1, "b"))
    await carry(town, carrier, timedelta(minutes=10))
    assert hands.done == ["b"]
    assert len(hands.fails["a"]) == 9
    (letter,) = await town.state.dead(10)
    assert "never seen" in letter.reason


async def test_a_sentence_of_yesterday_is_not_said_any_more(town, hands, carrier):
    hands.fails["a"] = [Unreachable("away", 3600)] * 40
    await order(town, say(0, "a"))
    end = MORNING + SAID_WITHIN + timedelta(hours=3)
    while town.clock.now() < end:
        town.clock.set(town.clock.now() + timedelta(minutes=61))
        while await carrier.once():
            await carrier.drain()
    (letter,) = await town.state.dead(10)
    assert "not said within a day" in letter.reason
    assert hands.done == []


async def test_an_order_that_was_done_is_not_done_again(town, hands, carrier):
    await order(town, say(0, "a"))
    await carry(town, carrier)
    await carry(town, carrier)
    assert hands.done == ["a"]
    assert (await town.state.depth())["orders"] == 0


class AwayWhileSaving(MemoryState):
    """A state that cannot write down what was done, so many times."""

    away = 0

    async def save(self, change):
        if change.done and self.away:
            self.away -= 1
            raise Unreachable("Redis is away")
        return await super().save(change)


async def test_what_was_said_and_cannot_be_written_down_yet_is_not_said_again(town, hands):
    state = AwayWhileSaving()
    town.state = town.house.state = state
    carrier = Carrier(town.house, Flow(town.house), hands)
    await order(town, say(0, "a"), say(1, "b"))
    state.away = 1
    await carry(town, carrier)
    assert hands.done == ["a", "b"]
    assert (await state.depth())["orders"] == 0


def test_who_waits_behind_whom():
    case = f"{GROUP}:1"
    assert lane_of(say(0, "a")) == lane_of(say(3, "b", version=9))
    assert lane_of(Due(o.ShowCard(key="k", case=case), GROUP, MORNING)) == lane_of(say(0, "a"))
    assert lane_of(Due(o.FileTicket(key="k", case=case), GROUP, MORNING)) == f"ticket:{case}"
    assert (
        lane_of(Due(o.TellDispatch(key="l", case=case, news=o.News.DENIED), GROUP, MORNING))
        == f"ticket:{case}"
    )
    warning = Due(o.Warn(key="w", group=GROUP, message="1", kind="fire"), GROUP, MORNING)
    assert lane_of(warning) != lane_of(say(0, "a")), "an emergency waits behind nobody"


# --- news ---------------------------------------------------------------------------------------------------


async def test_the_same_news_moves_a_case_once(town):
    await town.say("张阿姨", LIFT)
    await town.dispatch_says("accepted", "已受理")
    await town.news.once()
    await town.settle()
    case = await town.case()
    assert await town.facts(case) == [f.Reported, f.TicketFiled, f.TicketAccepted]


async def test_news_of_a_ticket_that_is_not_ours_is_passed_over(town):
    await town.dispatch_says("accepted", ticket="77")
    assert await town.state.dead(10) == []
    assert (await town.state.depth())["inbox"] == 0


async def test_while_dispatch_is_away_no_news_is_lost(town):
    await town.say("张阿姨", LIFT)
    town.dispatch.down = True
    with pytest.raises(Unreachable):
        await town.news.once()
    town.dispatch.down = False
    await town.dispatch_says("accepted")
    assert (await town.case()).stage == "accepted"
