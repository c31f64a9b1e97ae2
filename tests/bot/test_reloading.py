"""Reloading: what is changed comes into force, what is faulty does not, and all of it is traced once."""

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from actions.errors import Unreachable
from bot.grids import Grids
from bot.reloading import Reloading
from bot.settings import Settings, load
from bot.sources import Sources
from connectors.memory_state import MemoryState
from tests.console_world import Clock

GROUP = "telegram:-1"
TOML = """\
port = 9000
hierarchy = "people.csv"
[policy]
worker_minutes = 5
[[area]]
id = "chun"
name = "春风里社区"
level = "community"
"""
PEOPLE = """\
kind,id,name,parent,people,groups
grid,g1,一网格,chun,telegram:42,telegram:-1
"""
ADDED = PEOPLE + "worker,telegram:43,小陈,g1,,\n"


class Away(MemoryState):
    """State that cannot be reached while it is `away`."""

    away = False

    async def chronicle(self, record):
        if self.away:
            raise Unreachable("Redis does not answer")
        return await super().chronicle(record)


class Process:
    """One Linli on the files of a folder."""

    def __init__(self, folder: Path, state: MemoryState | None = None) -> None:
        self.folder, self.state = folder, state or Away()
        sources = Sources.at(folder / "linli.toml")
        self.grids = Grids(self.load(folder / "linli.toml"))
        self.reloading = Reloading(self.grids, self.state, Clock(), sources, self.load)

    @staticmethod
    def load(toml: Path) -> Settings:
        return load({}, toml)

    async def look(self, times: int = 2) -> list[dict]:
        """So many looks; what was logged."""
        with capture_logs() as logs:
            for _ in range(times):
                await self.reloading.once()
        return [line for line in logs if line["log_level"] != "debug"]

    async def changes(self) -> list[tuple[str, ...]]:
        """The lines of the chronicle, oldest first."""
        return [decree.changes for decree in await self.state.chronicles(100)][::-1]

    @property
    def workers(self) -> frozenset[str] | None:
        return self.grids.worker_ids(GROUP)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "linli.toml").write_text(TOML, "utf-8")
    (tmp_path / "people.csv").write_text(PEOPLE, "utf-8")
    return tmp_path


async def test_a_worker_who_is_added_counts_without_a_restart_and_is_traced(folder):
    one = Process(folder)
    await one.look()
    (folder / "people.csv").write_text(ADDED, "utf-8")
    assert one.workers == {"telegram:42"}
    (line,) = await one.look()
    assert one.workers == {"telegram:42", "telegram:43"}
    assert (line["event"], line["files"]) == ("settings_in_force", "people.csv")
    assert (await one.changes())[1:] == [
        ("grid g1: worker telegram:43 added", "grid g1: name of telegram:43: — → 小陈")
    ]
    decree = (await one.state.chronicles(1))[0]
    assert (decree.by, decree.what, decree.version) == ("people.csv", "hierarchy", line["version"])


async def test_policies_and_areas_follow_and_other_keys_are_named(folder):
    one = Process(folder)
    changed = TOML.replace("port = 9000", 'port = 9001\nlang = "en"').replace("春风里社区", "秋风里社区")
    (folder / "linli.toml").write_text(changed.replace("= 5", "= 7"), "utf-8")
    logged = await one.look()
    assert one.grids.settings.policy.worker_minutes == 7
    assert one.grids.settings.areas[0].name == "秋风里社区"
    assert one.grids.hierarchy.chain("chun")[0].name == "秋风里社区"
    assert (one.grids.settings.port, one.grids.settings.lang) == (9000, "zh_CN")
    assert logged[-1]["event"] == "settings_need_a_restart"
    assert logged[-1]["keys"] == ["port", "lang"]


async def test_a_faulty_file_changes_nothing_and_is_told_once_with_its_line(folder):
    one = Process(folder)
    (folder / "people.csv").write_text(ADDED.replace(",g1,,", ",g9,,"), "utf-8")
    (line,) = await one.look(6)
    assert (line["event"], line["log_level"]) == ("settings_refused", "error")
    assert line["faults"] == [
        "people.csv line 3: parent: there is no grid or unit g9: add it, or correct the name"
    ]
    assert one.workers == {"telegram:42"}
    (folder / "people.csv").write_text(ADDED, "utf-8")
    await one.look()
    assert one.workers == {"telegram:42", "telegram:43"}


@pytest.mark.parametrize("name", ["linli.toml", "people.csv"])
async def test_a_file_that_is_gone_takes_nobody_away(folder, name):
    one = Process(folder)
    (folder / name).unlink()
    (line,) = await one.look(4)
    assert line["event"] == "settings_refused"
    assert "no such file" in line["faults"][0].lower()
    assert one.workers == {"telegram:42"}


async def test_a_file_that_is_still_being_written_waits(folder):
    one = Process(folder)
    for rows in ("kind,id", PEOPLE[:-5], ADDED):
        (folder / "people.csv").write_text(rows, "utf-8")
        assert await one.look(1) == []
    assert one.workers == {"telegram:42"}
    await one.look(1)
    assert one.workers == {"telegram:42", "telegram:43"}


async def test_a_change_between_reading_and_the_first_look_is_not_missed(folder):
    sources = Sources.at(folder / "linli.toml")
    grids = Grids(Process.load(folder / "linli.toml"))
    (folder / "people.csv").write_text(ADDED, "utf-8")
    reloading = Reloading(grids, MemoryState(), Clock(), sources, Process.load)
    await reloading.once()
    await reloading.once()
    assert grids.worker_ids(GROUP) == {"telegram:42", "telegram:43"}


async def test_a_comment_is_no_change_of_what_is_in_force(folder):
    one = Process(folder)
    await one.look()
    (folder / "linli.toml").write_text(TOML + "# nothing\n", "utf-8")
    assert await one.look() == []
    assert len(await one.changes()) == 1


async def test_however_many_processes_run_a_change_is_traced_once(folder):
    one = Process(folder)
    two = Process(folder, one.state)
    for rows in (ADDED, PEOPLE):
        for process in (one, two):
            await process.look()
        (folder / "people.csv").write_text(rows, "utf-8")
    for process in (one, two):
        await process.look()
    assert [len(lines) for lines in await one.changes()] == [1, 2, 2]


async def test_what_was_changed_while_nobody_ran_is_traced_at_the_next_start(folder):
    one = Process(folder)
    await one.look()
    again = Process(folder, one.state)
    await again.look()
    assert await one.changes() == [("at the first start: 1 × policy, 1 × area, 1 × grid",)]
    (folder / "people.csv").write_text(ADDED, "utf-8")
    later = Process(folder, one.state)
    await later.look()
    assert (await one.changes())[1][0] == "grid g1: worker telegram:43 added"


async def test_an_install_without_grids_leaves_no_trace(tmp_path):
    (tmp_path / "linli.toml").write_text("port = 1", "utf-8")
    one = Process(tmp_path)
    await one.look()
    assert await one.changes() == []
    (tmp_path / "linli.toml").write_text('[[grid]]\nid = "g"\nname = "一"', "utf-8")
    await one.look()
    assert await one.changes() == [("grid g: added",)]


async def test_a_hierarchy_that_is_named_later_is_followed_from_then_on(tmp_path):
    (tmp_path / "linli.toml").write_text("port = 1", "utf-8")
    one = Process(tmp_path)
    (tmp_path / "linli.toml").write_text('hierarchy = "people.csv"', "utf-8")
    (tmp_path / "people.csv").write_text("kind,id\nx,y\n", "utf-8")
    (line,) = await one.look()
    assert line["event"] == "settings_refused"
    (tmp_path / "people.csv").write_text(PEOPLE.replace("chun", ""), "utf-8")
    await one.look()
    assert one.workers == {"telegram:42"}


async def test_a_change_comes_into_force_while_redis_is_away_and_is_traced_afterwards(folder):
    one = Process(folder)
    await one.look()
    one.state.away = True
    (folder / "people.csv").write_text(ADDED, "utf-8")
    await one.look()
    assert one.workers == {"telegram:42", "telegram:43"}
    (folder / "people.csv").write_text(PEOPLE, "utf-8")
    await one.look()
    assert len(await one.changes()) == 1
    one.state.away = False
    await one.look(1)
    assert [lines[0] for lines in await one.changes()][1:] == [
        "grid g1: worker telegram:43 added",
        "grid g1: worker telegram:43 removed",
    ]


async def test_a_group_that_has_moved_is_found_under_its_new_number(folder):
    one = Process(folder)
    await one.state.remember("telegram:moved:home:-1005", "-5")
    rows = PEOPLE.replace("telegram:-1\n", "telegram:-1005\n")
    (folder / "people.csv").write_text(rows, "utf-8")
    await one.look()
    assert one.grids.worker_ids("telegram:-5") == {"telegram:42"}
    (folder / "people.csv").write_text(PEOPLE, "utf-8")
    await one.look()
    assert one.grids.worker_ids("telegram:-5") is None
