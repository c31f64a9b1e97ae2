"""The rules of `connectors.pace.Pace`, held against the version in memory and the one on Redis."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from actions.errors import Unreachable
from connectors.pace import Limits, MemoryPace, Pace, RedisPace
from tests.real_redis import real_redis

GROUP, OTHER, PERSON = -1001, -1002, 42


class Clock:
    """Seconds that the test moves."""

    def __init__(self) -> None:
        self.at = 1_700_000_000.0

    def __call__(self) -> float:
        return self.at


@asynccontextmanager
async def in_memory(clock, _):
    yield lambda limits=None: MemoryPace(limits, clock)


@asynccontextmanager
async def on_redis(clock, folder):
    async with real_redis(folder) as server, server.client() as redis:
        yield lambda limits=None: RedisPace(redis, "bot", limits, clock)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=[in_memory, on_redis])
async def make(request, clock, tmp_path) -> AsyncIterator:
    async with request.param(clock, tmp_path) as made:
        yield made


async def say(pace: Pace, chat: int, times: int, **how) -> int:
    """How many of so many may be said now."""
    return [await pace.ask(chat, **how) for _ in range(times)].count(0.0)


async def test_a_chat_takes_a_short_burst_and_then_one_after_another(make, clock):
    pace = make()
    assert await say(pace, GROUP, 12) == 7
    wait = await pace.ask(GROUP)
    assert 0 < wait <= 5.1
    clock.at += wait
    assert await pace.ask(GROUP) == 0


async def test_a_group_takes_eighteen_a_minute_and_two_more_that_are_urgent(make, clock):
    pace = make()
    for _ in range(18):
        clock.at += 2
        assert await pace.ask(GROUP) == 0
    clock.at += 2
    assert await pace.ask(GROUP) > 20
    assert [await pace.ask(GROUP, urgent=True) for _ in range(2)] == [0, 0]
    wait = await pace.ask(GROUP, urgent=True)
    assert 20 < wait < 30
    clock.at += wait
    assert await pace.ask(GROUP, urgent=True) == 0


async def test_never_more_than_twenty_in_any_minute(make, clock):
    pace, said = make(), []
    while len(said) < 70:
        wait = await pace.ask(GROUP)
        if wait:
            clock.at += wait
        else:
            said.append(clock.at)
    assert all(sum(at - 60 < one <= at for one in said) <= 20 for at in said)
    assert said[-1] - said[0] < 60 * 70 / 17, "and not much less either"


async def test_a_person_alone_is_not_a_group(make, clock):
    pace = make()
    for _ in range(40):
        clock.at += 1.3
        assert await pace.ask(PERSON) == 0


async def test_all_chats_together_take_twenty_seven_a_second_and_three_that_are_urgent(make, clock):
    pace = make()
    may = [await pace.ask(-n) == 0 for n in range(1, 41)]
    assert may == [True] * 27 + [False] * 13
    assert [await pace.ask(-n, urgent=True) == 0 for n in range(50, 54)] == [True, True, True, False]
    clock.at += 1.01
    assert await pace.ask(-1) == 0


async def test_a_smaller_allowance_is_kept_too(make):
    assert await say(make(Limits(per_second=1)), GROUP, 5) == 1
    assert await say(make(Limits(burst=1)), OTHER, 5) == 1


async def test_what_the_platform_names_is_waited_for_and_longer_every_time(make, clock):
    pace, held = make(), []
    for _ in range(6):
        held.append(await pace.hold(GROUP, 10))
        assert held[-1] < await pace.ask(GROUP) + 0.1
        assert 9.9 < await pace.ask(GROUP, urgent=True) < 10.1, "as long as was named, and no longer"
        assert await pace.ask(OTHER) == 0
        clock.at += held[-1] + 0.01
        assert await pace.ask(GROUP) == 0
    assert held == [10, 15, 22.5, 33.75, 40, 40]


async def test_a_shorter_wait_does_not_open_what_a_longer_one_has_closed(make):
    pace = make()
    await pace.hold(GROUP, 30)
    await pace.hold(GROUP, 1)
    assert await pace.ask(GROUP) > 29


async def test_when_several_chats_are_closed_at_once_all_are(make, clock):
    pace = make()
    for chat in (-1, -2):
        await pace.hold(chat, 5)
    assert await pace.ask(GROUP) == 0
    await pace.hold(-3, 5)
    assert 4 < await pace.ask(GROUP) < 5.1
    clock.at += 5.01
    assert await pace.ask(GROUP) == 0


async def test_all_processes_of_one_bot_share_one_allowance_and_other_bots_do_not(tmp_path):
    async with real_redis(tmp_path) as server, server.client() as redis:
        one, two, other = (RedisPace(redis, account) for account in ("a", "a", "b"))
        assert await say(one, GROUP, 5) + await say(two, GROUP, 5) == 7
        assert await say(other, GROUP, 3) == 3
        await one.hold(OTHER, 5)
        assert await two.ask(OTHER) > 4
        await server.stop()
        for asked in (one.ask(GROUP), one.hold(GROUP, 1)):
            with pytest.raises(Unreachable):
                await asked
