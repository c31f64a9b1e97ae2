"""Rules of a glance: what is read twice for one piece of work is read once, and never believed after a save."""

import asyncio
from contextvars import Context

import pytest

from actions import facts as f
from actions import orders as o
from actions.ledger import Change, Due, Stale
from actions.talk import Talk
from bot.glance import glance, glancing
from tests.actions.stories import START
from tests.contracts.states import moved, reported

GROUP = "memory:1"


class Shelf:
    """A state that counts how often it is asked."""

    def __init__(self):
        self.asked, self.version, self.stale, self.done = 0, 0, False, False

    async def talk(self, group):
        self.asked += 1
        return Talk(group=group, version=self.version)

    async def case(self, case):
        self.asked += 1

    async def scene(self, case):
        self.asked += 1
        return Talk(group=GROUP, version=self.version), None

    async def begin(self, due, now):
        self.asked += 1
        return due, Talk(group=GROUP, version=self.version), None

    async def save(self, change):
        if self.stale:
            raise Stale(change.talk.group)
        if self.done:
            return False
        self.version += 1
        return True

    async def ping(self):
        return "pong"


async def test_what_is_read_twice_for_one_piece_of_work_is_read_once():
    shelf = Shelf()
    state = glancing(shelf)
    with glance():
        assert await state.talk(GROUP) is await state.talk(GROUP)
        assert [await state.case("memory:1:1"), await state.case("memory:1:1")] == [None, None]
    assert shelf.asked == 2


async def test_a_case_and_the_memory_read_together_are_known_one_by_one():
    shelf = Shelf()
    state = glancing(shelf)
    with glance():
        talk, case = await state.scene("memory:1:1")
        assert await state.talk(GROUP) is talk
        assert await state.case("memory:1:1") is case
        assert (await state.scene("memory:1:1"))[0] is talk
    assert shelf.asked == 1
    assert (await state.scene("memory:1:1"))[0] is not talk


async def test_what_comes_along_with_the_beginning_of_an_order_is_not_read_again():
    shelf = Shelf()
    state = glancing(shelf)
    own, strange = (o.ShowCard(key="k", case=case) for case in ("memory:1:1", "memory:2:1"))
    with glance():
        _, talk, case = await state.begin(Due(own, GROUP, START), START)
        assert (await state.scene("memory:1:1"))[0] is talk
        assert await state.case("memory:1:1") is case
        assert shelf.asked == 1
        await state.begin(Due(strange, GROUP, START), START)
        await state.case("memory:2:1")
        assert shelf.asked == 3, "the case of another group does not come along"


async def test_outside_of_a_piece_of_work_everything_is_asked_anew():
    shelf = Shelf()
    state = glancing(shelf)
    await state.talk(GROUP)
    with glance():
        await state.talk(GROUP)
    await state.talk(GROUP)
    assert (shelf.asked, await state.ping()) == (3, "pong")


async def test_after_a_save_and_after_a_refused_one_it_is_read_again():
    shelf = Shelf()
    state = glancing(shelf)
    with glance():
        await state.save(Change(talk=await state.talk(GROUP)))
        assert (await state.talk(GROUP)).version == 1
        shelf.stale, shelf.version = True, 7
        try:
            await state.save(Change(talk=await state.talk(GROUP)))
        except Stale:
            assert (await state.talk(GROUP)).version == 7


async def test_what_another_of_this_process_has_saved_meanwhile_is_known_without_reading_it():
    shelf = Shelf()
    state = glancing(shelf)
    before, after = reported(GROUP).case, moved(reported(GROUP).case, f.TicketFiled)

    async def another() -> None:
        with glance():
            await state.save(Change(talk=await state.talk(GROUP), moved=(after,)))

    with glance():
        assert (await state.scene(before.id))[1] is None
        await asyncio.create_task(another(), context=Context())
        asked = shelf.asked
        talk, case = await state.scene(before.id)
        assert (talk.version, case, shelf.asked) == (1, after.case, asked)
        shelf.stale = True
        with pytest.raises(Stale):
            await state.save(Change(talk=talk))
        await state.scene(before.id)
        assert shelf.asked == asked + 1, "what was refused is not believed again"
    with glance():
        await state.talk(GROUP)
        assert shelf.asked == asked + 2, "a new piece of work reads for itself"


async def test_what_had_been_dealt_with_already_left_nothing_behind():
    shelf = Shelf()
    state = glancing(shelf)
    shelf.done = True

    async def another() -> None:
        with glance():
            await state.save(Change(talk=await state.talk(GROUP), moved=(reported(GROUP),)))

    with glance():
        await state.talk(GROUP)
        await asyncio.create_task(another(), context=Context())
        assert (await state.scene(f"{GROUP}:1")) == (Talk(group=GROUP), None)
