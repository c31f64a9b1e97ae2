"""Rules of the desk: who reads what, with readers written by hand."""

import asyncio

import desk
import pytest
from asked import Asked


class Hand:
    """A lane that answers when it is let go, and may go away instead."""

    def __init__(self):
        self.go, self.batches, self.leaves = asyncio.Event(), [], 0

    async def read(self, asked):
        self.batches.append([one.text for one in asked])
        if self.leaves:
            self.leaves -= 1
            raise desk.LostError
        await self.go.wait()
        return [one.text.encode() for one in asked]


async def at_work(lanes, asked, **settings):
    """Ask all of it and return the answers, or what they raised, once the lanes are let go."""
    table = desk.Desk(lanes, **settings)
    waiting = [asyncio.create_task(table.ask(one)) for one in asked]
    await asyncio.sleep(0)
    working = asyncio.create_task(table.work())
    for _ in range(5):
        await asyncio.sleep(0)
    for lane in lanes:
        lane.go.set()
    answers = await asyncio.gather(*waiting, return_exceptions=True)
    working.cancel()
    await asyncio.wait([working])
    return answers


def test_when_too_many_wait_the_next_is_told_to_come_again():
    async def check():
        lane = Hand()
        answers = await at_work([lane], [Asked(str(n)) for n in range(4)], most_waiting=3)
        assert answers[:3] == [b"0", b"1", b"2"]
        assert isinstance(answers[3], desk.FullError)

    asyncio.run(check())


def test_readers_who_are_free_share_what_waits():
    async def check():
        lanes = [Hand(), Hand()]
        await at_work(lanes, [Asked(str(n)) for n in range(8)])
        assert [len(lane.batches[0]) for lane in lanes] == [4, 4]

    asyncio.run(check())


def test_a_lone_message_is_read_at_once():
    async def check():
        lane = Hand()
        assert await at_work([lane], [Asked("a")]) == [b"a"]
        assert lane.batches == [["a"]]

    asyncio.run(check())


def test_a_batch_is_never_larger_than_is_good_for_the_first_in_it():
    async def check():
        lane = Hand()
        await at_work([lane], [Asked(str(n)) for n in range(desk.MOST_AT_ONCE + 1)])
        assert [len(batch) for batch in lane.batches] == [desk.MOST_AT_ONCE, 1]

    asyncio.run(check())


def test_a_message_goes_to_whoever_has_read_its_talk():
    async def check():
        lanes = [Hand(), Hand()]
        talk = [
            Asked("停水了", ("早",)),
            Asked("我家也是", ("早", "停水了")),
            Asked("来水了", ("停水了", "我家也是")),
        ]
        other = [Asked("谁要拼车", ("晚上好",)), Asked("我要", ("谁要拼车",))]
        await at_work(lanes, [*talk, *other])
        by_lane = [{text for batch in lane.batches for text in batch} for lane in lanes]
        assert {one.text for one in talk} in by_lane
        assert {one.text for one in other} in by_lane

    asyncio.run(check())


def test_what_a_lost_reader_had_in_hand_is_read_again_one_by_one():
    async def check():
        lane = Hand()
        lane.leaves = 1
        assert await at_work([lane], [Asked("a"), Asked("b")]) == [b"a", b"b"]
        assert lane.batches == [["a", "b"], ["a"], ["b"]]

    asyncio.run(check())


def test_a_message_that_readers_are_lost_over_twice_is_given_up():
    async def check():
        lane = Hand()
        lane.leaves = 2
        answers = await at_work([lane], [Asked("killer"), Asked("b")])
        assert isinstance(answers[0], desk.UnreadError)
        assert answers[1] == b"b"

    asyncio.run(check())


def test_who_has_stopped_waiting_is_not_read():
    async def check():
        lane, table = Hand(), None
        table = desk.Desk([lane])
        gone, stays = (asyncio.create_task(table.ask(Asked(text))) for text in ("gone", "stays"))
        await asyncio.sleep(0)
        gone.cancel()
        lane.go.set()
        working = asyncio.create_task(table.work())
        assert await asyncio.wait_for(stays, 5) == b"stays"
        working.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
        assert lane.batches == [["stays"]]

    asyncio.run(check())
