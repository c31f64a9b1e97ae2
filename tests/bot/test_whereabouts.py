"""Whereabouts: whoever did something in a group is known to belong there, in whatever process."""

from bot.whereabouts import KEPT, Whereabouts
from connectors.memory_state import MemoryState


async def test_groups_are_remembered_in_their_order_for_all_processes():
    state = MemoryState()
    one, other = Whereabouts(state), Whereabouts(state)
    await one.met("memory:a", "memory:east")
    await other.met("memory:a", "memory:west")
    await one.met("memory:a", "memory:east")
    assert await one.groups("memory:a") == ("memory:east", "memory:west")
    assert await other.groups("memory:b") == ()


async def test_ones_own_chat_and_nobody_are_no_group():
    state = MemoryState()
    await Whereabouts(state).met("memory:a", "memory:a")
    await Whereabouts(state).met("", "memory:east")
    assert await Whereabouts(state).groups("memory:a") == ()


async def test_the_oldest_are_forgotten():
    state = MemoryState()
    for n in range(KEPT + 5):
        await Whereabouts(state).met("memory:a", f"memory:g{n}")
    groups = await Whereabouts(state).groups("memory:a")
    assert (len(groups), groups[-1]) == (KEPT, f"memory:g{KEPT + 4}")
    assert "memory:g0" not in groups
