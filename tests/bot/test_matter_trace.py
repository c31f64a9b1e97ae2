"""The chronicle says which version of the list came into force when, once, and what it changed."""

from dataclasses import replace

from actions.errors import Unreachable
from bot.matter_list import SHIPPED, Matters
from bot.matter_trace import MOST_LINES, MatterTrace
from connectors.memory_state import MemoryState
from tests.actions.test_matters import matter
from tests.console_world import Clock

NIGHT = matter("environment.noise_construction.night")
DAY = matter("environment.noise_construction.day")


class Away(MemoryState):
    """State that cannot be reached while it is `away`."""

    away = False

    async def chronicle(self, record):
        if self.away:
            raise Unreachable("Redis does not answer")
        return await super().chronicle(record)


async def test_a_new_version_is_traced_once_with_what_it_changes(tmp_path):
    matters, state = Matters(tmp_path), MemoryState()
    matters.adopt("a", (NIGHT,))
    trace = MatterTrace(matters, state, Clock())
    await trace.once()
    matters.adopt("b", (replace(NIGHT, lead="公安", assisting=("环卫",)), DAY))
    await trace.once()
    await trace.once()
    await MatterTrace(Matters(tmp_path), state, Clock()).once()
    last, first = await state.chronicles(10)
    assert (first.what, first.version, first.changes) == ("matters", "a", ())
    assert (last.version, last.by) == ("b", "linli matters")
    assert last.changes == (
        f"{DAY.code}: added, 综合执法",
        f"{NIGHT.code}: lead: 综合执法 → 公安",
        f"{NIGHT.code}: assisting: — → 环卫",
    )


async def test_a_version_that_came_while_nobody_ran_is_traced_at_the_start(tmp_path):
    state = MemoryState()
    await MatterTrace(Matters(tmp_path), state, Clock()).once()
    Matters(tmp_path).adopt("b", (NIGHT,))
    await MatterTrace(Matters(tmp_path), state, Clock()).once()
    assert [one.version for one in await state.chronicles(10)] == ["b", SHIPPED]
    assert f"{NIGHT.code}: lead: 城市管理 → 综合执法" in (await state.chronicles(1))[0].changes


async def test_what_cannot_be_traced_now_is_traced_later(tmp_path):
    state = Away()
    trace = MatterTrace(Matters(tmp_path), state, Clock())
    state.away = True
    await trace.once()
    state.away = False
    await trace.once()
    assert [one.version for one in await state.chronicles(10)] == [SHIPPED]


async def test_a_list_of_thousands_is_cut_short(tmp_path):
    matters, state = Matters(tmp_path), MemoryState()
    trace = MatterTrace(matters, state, Clock())
    await trace.once()
    matters.adopt("b", tuple(matter(f"other.other.m{n}") for n in range(2000)))
    await trace.once()
    (decree, _) = await state.chronicles(10)
    assert len(decree.changes) == MOST_LINES + 1
    assert decree.changes[-1].endswith(" more")
