"""Whatever is merged and split: every message has one case, and every case is what its trace says."""

import asyncio

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from actions.advance import rebuild
from actions.case import Case, Stage
from actions.reading import Intent
from tests.town import Town, means, report

READ = {
    "3号楼电梯坏了": report("housing.elevator", "3号楼"),
    "5号楼门禁坏了": report("housing.common_facilities", "5号楼"),
    "路灯不亮": report("traffic.streetlight", "东门"),
    "我家也是": means(Intent.SECOND),
    "补充一下": means(Intent.DETAIL),
    "搞错了": means(Intent.WITHDRAW),
}
people = st.sampled_from(["张阿姨", "李叔", "王叔"])
sayings = st.tuples(st.just("say"), people, st.sampled_from(sorted(READ)), st.none() | st.integers(0, 9))
wishes = st.sampled_from(
    ["拆开", "拆开", "拆开", "合并到1", "合并到2", "合并到3", "类别 路灯", "地点 西门", "不是报事"]
)
corrections = st.tuples(st.just("correct"), st.just("孟姐"), wishes, st.integers(0, 9))
edits = st.tuples(st.just("edit"), people, st.sampled_from(sorted(READ)), st.integers(0, 9))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(sayings | corrections | edits, min_size=3, max_size=14))
def test_nothing_is_lost_and_nothing_belongs_twice(steps: list[tuple[str, str, str, int | None]]) -> None:
    asyncio.run(_told(steps))


async def _told(steps: list[tuple[str, str, str, int | None]]) -> None:
    town = Town(READ)
    reports = zip(("张阿姨", "李叔", "王叔"), list(READ)[:3], strict=True)
    said = [(await town.say(who, text), who) for who, text in reports]
    for who in ("李叔", "王叔"):
        said.append((await town.say(who, "我家也是", reply_to=said[0][0]), who))
        said.append((await town.say(who, "补充一下", reply_to=said[0][0]), who))
    for what, who, text, at in steps:
        message, writer = said[at % len(said)] if at is not None else (None, who)
        if what == "edit" and message:
            await town.say(writer, text, edits=message)
        elif what == "say":
            said.append((await town.say(who, text, reply_to=message), who))
        else:
            await town.say(who, text, reply_to=message)
    await _sound(town)


async def _sound(town: Town) -> None:
    cases = await town.cases()
    owners: dict[str, list[Case]] = {}
    for case in cases:
        assert rebuild(await town.state.trace(case.id)) == case
        assert len(set(case.messages)) == len(case.messages)
        assert case.reporter not in case.followers
        for message, _ in case.messages:
            owners.setdefault(message, []).append(case)
    for message, mine in owners.items():
        standing = {case.id for case in mine if case.stage is not Stage.MERGED}
        assert len(standing) == 1, f"{message} belongs to {standing}"
    assert await town.state.dead(10) == []
    assert len({case.number for case in cases}) == len(cases)
