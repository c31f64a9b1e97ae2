"""Backup and restore of a home, with a real Redis and a real desk."""

import asyncio
import hashlib
import io
import sqlite3
import tarfile
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from actions import orders as o
from actions.errors import Refused, Unreachable
from actions.ledger import Change, Due
from actions.talk import Talk
from bot.archive import MANIFEST, verified
from bot.backup import back_up
from bot.cli import app
from bot.home import Home
from bot.restoring import restore, tried, verify
from bot.settings import Settings
from connectors.desk.store import Store
from connectors.embedded_redis import EmbeddedRedis
from connectors.redis_state import RedisState
from tests.real_redis import real_redis
from tests.town import GROUP, Town, report

LIFT = "3号楼2单元电梯又坏了"
READINGS = {LIFT: report("housing.elevator", "3号楼2单元")}


@pytest.fixture
def settings(tmp_path):
    return Settings(home=tmp_path / "home")


@pytest.fixture
def elsewhere(tmp_path):
    return Settings(home=tmp_path / "other")


async def lived_in(settings: Settings) -> None:
    """A home with a case, a desk with a ticket, keys, uploads and lists."""
    home = Home(settings.home)
    home.secret("buttons")
    (home.path / "media").mkdir()
    (home.path / "media" / "a.jpg").write_bytes(b"\xff\xd8photo")
    (home.path / "media" / ".half").write_bytes(b"is being written")
    (home.path / "matters").mkdir()
    (home.path / "matters" / "in_force").write_text("2026.2")
    (home.path / "log").mkdir()
    (home.path / "log" / "linli.jsonl").write_text("{}")
    (home.path / "training").mkdir()
    (home.path / "training" / "big").write_text("x")
    async with Store.open(home.path) as desk:
        await desk.offer_login("token")
    async with EmbeddedRedis(home.redis) as redis:
        await redis.ready()
        state = RedisState.at(redis.url)
        await state.start()
        town = Town(READINGS, state=state)
        await town.say("张阿姨", LIFT)
        await state.stop()


async def read(settings: Settings) -> tuple[list[object], dict[str, int]]:
    async with EmbeddedRedis(Home(settings.home).redis) as redis:
        await redis.ready()
        state = RedisState.at(redis.url)
        found = await state.cases(GROUP), await state.depth()
        await state.stop()
    return found


async def number(settings: Settings) -> int:
    """The last number that a case of the group has got."""
    async with EmbeddedRedis(Home(settings.home).redis) as redis:
        await redis.ready()
        state = RedisState.at(redis.url)
        talk = await state.talk(GROUP)
        await state.stop()
    return talk.last_number


async def test_a_home_comes_back_as_it_was(settings, elsewhere, tmp_path):
    await lived_in(settings)
    toml = tmp_path / "linli.toml"
    toml.write_text('lang = "en"\n')
    path = tmp_path / "b.tar"
    manifest, copied = await back_up(settings, path, env={"LINLI_CONFIG": str(toml)})
    assert copied.keys > 5
    assert sorted(manifest.files) == [
        "config/linli.toml", "home/desk/desk.sqlite", "home/keys/buttons", "home/matters/in_force",
        "home/media/a.jpg", "redis/keys",
    ]  # fmt: skip
    done = await restore(elsewhere, path)
    there = elsewhere.home
    assert done.groups == 1
    assert Home(there).secret("buttons") == Home(settings.home).secret("buttons")
    assert (there / "media" / "a.jpg").read_bytes() == b"\xff\xd8photo"
    assert [config.read_text() for config in done.config] == ['lang = "en"\n']
    assert {path.name for path in there.iterdir()} == {
        "config",
        "desk",
        "keys",
        "lock",
        "matters",
        "media",
        "redis",
    }
    ours = [
        path for name in ("config", "desk", "keys", "matters", "media") for path in (there / name).rglob("*")
    ]
    assert all(path.stat().st_mode & 0o077 == 0 for path in ours)
    assert await read(elsewhere) == await read(settings)
    assert [await number(one) for one in (settings, elsewhere)] == [1, 101], "no number means two problems"
    with closing(sqlite3.connect(there / "desk" / "desk.sqlite")) as db:
        assert db.execute("SELECT count(*) FROM logins").fetchone() == (1,)


async def test_it_goes_from_the_embedded_redis_to_one_of_ones_own_and_back(settings, elsewhere, tmp_path):
    await lived_in(settings)
    await back_up(settings, tmp_path / "one.tar", env={})
    async with real_redis(tmp_path / "outside") as server:
        outside = elsewhere.model_copy(update={"redis_url": server.url})
        await restore(outside, tmp_path / "one.tar")
        await back_up(outside, tmp_path / "two.tar", env={})
        with pytest.raises(Refused, match="not empty"):
            await restore(outside, tmp_path / "two.tar")
        with pytest.raises(Refused, match="holds Linli's data"):
            await restore(Settings(home=tmp_path / "third", redis_url=server.url), tmp_path / "two.tar")
        assert not (tmp_path / "third").exists()
    back = Settings(home=tmp_path / "back")
    await restore(back, tmp_path / "two.tar", moved=True)
    assert await number(back) == 101, "of the first restore"
    assert await read(back) == await read(settings)


async def test_it_is_tried_by_reading_all_of_it(settings, tmp_path):
    await lived_in(settings)
    await back_up(settings, tmp_path / "b.tar", env={})
    found = await tried(settings, tmp_path / "b.tar")
    assert (found.groups, found.cases, found.live, found.wrong) == (1, 1, 1, [])
    assert found.facts > 1


async def test_orders_that_may_have_been_carried_out_since_count_as_tried(settings, elsewhere, tmp_path):
    now = datetime.now(UTC)
    orders = {
        "past": Due(o.FileTicket(key="past", case=f"{GROUP}:1"), GROUP, now - timedelta(hours=1)),
        "tried": Due(
            o.FileTicket(key="tried", case=f"{GROUP}:2"), GROUP, now - timedelta(hours=1), tries=3,
            first_tried_at=now - timedelta(days=1),
        ),
        "later": Due(o.WakeAt(key="later", case=f"{GROUP}:1", wait=o.Wait.WORKER, timer="t"), GROUP, now + timedelta(days=1)),
    }  # fmt: skip
    home = Home(settings.home)
    home.make()
    async with EmbeddedRedis(home.redis) as redis:
        await redis.ready()
        state = RedisState.at(redis.url)
        await state.start()
        await state.save(Change(talk=Talk(group=GROUP), orders=tuple(orders.values())))
        await state.stop()
    manifest, _ = await back_up(settings, tmp_path / "b.tar", env={})
    done = await restore(elsewhere, tmp_path / "b.tar")
    assert done.marked == 2
    async with EmbeddedRedis(Home(elsewhere.home).redis) as redis:
        await redis.ready()
        state = RedisState.at(redis.url)
        past, before, later = [await state.order(key, GROUP) for key in orders]
        await state.stop()
    assert (past.tries, past.first_tried_at) == (1, manifest.made_at)
    assert (before.tries, before.first_tried_at) == (3, now - timedelta(days=1))
    assert later == orders["later"]


@pytest.mark.parametrize("name", ["redis", "note.txt", ".hidden", "restoring"])
async def test_a_home_that_is_not_empty_is_refused_and_not_touched(settings, elsewhere, tmp_path, name):
    await lived_in(settings)
    await back_up(settings, tmp_path / "b.tar", env={})
    elsewhere.home.mkdir()
    (elsewhere.home / name).write_text("mine")
    with pytest.raises(Refused, match="not empty"):
        await restore(elsewhere, tmp_path / "b.tar")
    assert [(path.name, path.read_text()) for path in elsewhere.home.iterdir()] == [(name, "mine")]


async def test_a_damaged_backup_changes_nothing(settings, elsewhere, tmp_path):
    await lived_in(settings)
    path = tmp_path / "b.tar"
    await back_up(settings, path, env={})
    content = path.read_bytes()
    path.write_bytes(content.replace(b"\xff\xd8photo", b"\xff\xd8phote"))
    with pytest.raises(Refused, match=r"media/a\.jpg"):
        await restore(elsewhere, path)
    assert not elsewhere.home.exists()


async def test_a_restore_that_fails_leaves_the_home_empty(settings, elsewhere, tmp_path):
    await lived_in(settings)
    path, broken = tmp_path / "b.tar", tmp_path / "broken.tar"
    await back_up(settings, path, env={})
    _with_other_keys(path, broken, b"linli keys 1\n" + b"\0" * 10)
    elsewhere.home.mkdir()
    (elsewhere.home / "lost+found").mkdir()
    with pytest.raises(Refused, match="ends too early"):
        await restore(elsewhere, broken)
    assert {path.name for path in elsewhere.home.iterdir()} == {"lost+found", "lock"}
    await restore(elsewhere, path)


def _with_other_keys(path: Path, to: Path, content: bytes) -> None:
    """The same backup with another copy of Redis, and checksums that hold."""
    manifest = verified(path)
    files = {**manifest.files, "redis/keys": (len(content), hashlib.sha256(content).hexdigest())}
    with tarfile.open(path) as old, tarfile.open(to, "w") as new:
        for member in old:
            data = old.extractfile(member).read()
            data = {"redis/keys": content, MANIFEST: replace(manifest, files=files).text()}.get(
                member.name, data
            )
            member.size = len(data)
            new.addfile(member, io.BytesIO(data))


async def test_a_home_in_which_a_restore_was_broken_off_is_not_started(elsewhere):
    elsewhere.home.mkdir()
    (elsewhere.home / "restoring").touch()
    with pytest.raises(Refused, match="broken off"), Home(elsewhere.home).lock():
        pass


async def test_a_backup_by_a_newer_release_is_refused(settings, tmp_path):
    await lived_in(settings)
    await back_up(settings, tmp_path / "b.tar", env={})
    newer = tmp_path / "newer.tar"
    manifest = replace(verified(tmp_path / "b.tar"), schema=99)
    with tarfile.open(tmp_path / "b.tar") as old, tarfile.open(newer, "w") as new:
        for member in old:
            if member.name != MANIFEST:
                new.addfile(member, old.extractfile(member))
        text = manifest.text()
        member = tarfile.TarInfo(MANIFEST)
        member.size = len(text)
        new.addfile(member, io.BytesIO(text))
    with pytest.raises(Refused, match="newer Linli"):
        verify(newer)


async def test_a_backup_may_not_lie_in_what_may_be_lost(settings, tmp_path):
    await lived_in(settings)
    with pytest.raises(Refused, match="within LINLI_HOME"):
        await back_up(settings, settings.home / "media" / "b.tar")
    link = tmp_path / "link"
    link.symlink_to(settings.home)
    with pytest.raises(Refused, match="within LINLI_HOME"):
        await back_up(settings, link / "b.tar")


async def test_nothing_is_left_of_a_backup_that_fails(settings, tmp_path):
    await lived_in(settings)
    away = settings.model_copy(update={"redis_url": f"unix://{tmp_path}/nobody"})
    before = sorted(path.name for path in tmp_path.iterdir())
    with pytest.raises(Unreachable):
        await back_up(away, tmp_path / "b.tar")
    assert sorted(path.name for path in tmp_path.iterdir()) == before


async def test_links_out_of_the_home_are_not_followed(settings, tmp_path):
    await lived_in(settings)
    (tmp_path / "secret").write_text("not ours")
    (settings.home / "media" / "link").symlink_to(tmp_path / "secret")
    (settings.home / "links").symlink_to(tmp_path)
    manifest, _ = await back_up(settings, tmp_path / "b.tar", env={})
    assert not [name for name in manifest.files if "link" in name]


def test_the_commands_say_what_they_did(settings, elsewhere, tmp_path):
    asyncio.run(lived_in(settings))
    path = tmp_path / "b.tar"
    run = CliRunner().invoke
    here, there = {"LINLI_HOME": str(settings.home)}, {"LINLI_HOME": str(elsewhere.home)}
    made = run(app, ["backup", str(path)], env=here)
    assert made.exit_code == 0, made.output
    assert "mode 600" in made.output
    assert run(app, ["verify", str(path)], env=here).exit_code == 0
    assert "every trace leads to its case" in run(app, ["verify", str(path), "--load"], env=here).output
    assert "1 groups" in run(app, ["restore", str(path)], env=there).output
    again = run(app, ["restore", str(path)], env=there)
    assert again.exit_code == 1
    assert "not empty" in again.output
    path.write_bytes(path.read_bytes()[:2000])
    assert run(app, ["verify", str(path)], env=here).exit_code == 1
