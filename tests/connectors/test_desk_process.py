"""The desk as a process, and its pushes: signed, in order, until they are taken, whoever wrote them."""

import asyncio
import os
import signal
import sys
import time
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from connectors.desk.__main__ import read_settings
from connectors.desk.settings import Settings
from connectors.desk.store import Draft, Store, set_status
from connectors.dispatch import Open311Dispatch
from tests.connectors.desk_world import HOUR_AGO, LIFT, desk_with, eventually
from tests.desk import running_desk


@pytest.fixture
async def store(tmp_path):
    async with Store.open(tmp_path) as store:
        yield store


# --- pushes -------------------------------------------------------------------------------------------------


class Subscriber:
    """Takes pushes and believes them with the real client; ``answers`` are given first, then 204."""

    def __init__(self):
        self.heard, self.ids, self.answers = [], [], []
        self.client = Open311Dispatch("http://example.org", push_secret="s3")

    async def take(self, request):
        self.ids.append(request.headers["webhook-id"])
        if self.answers:
            return web.Response(status=self.answers.pop(0))
        self.heard += self.client.verify_push(request.headers, await request.read())
        return web.Response(status=204)

    async def has(self, many):
        return await eventually(lambda: self._has(many))

    async def _has(self, many):
        return len(self.heard) >= many


@pytest.fixture
async def subscriber():
    subscriber, app = Subscriber(), web.Application()
    app.router.add_post("/push", subscriber.take)
    server = TestServer(app)
    await server.start_server()
    subscriber.url = str(server.make_url("/push"))
    yield subscriber
    await server.close()


async def test_a_step_written_by_another_process_is_pushed(tmp_path, subscriber):
    async with (
        running_desk(tmp_path, push_url=subscriber.url, push_secret="s3") as desk,
        Open311Dispatch(desk.api) as client,
    ):
        ticket_id = await client.file(LIFT)
        await asyncio.to_thread(set_status, tmp_path, ticket_id, "returned", "不归我们管")
        await subscriber.has(1)
    (found,) = subscriber.heard
    assert (found.request_id, found.status, found.text) == (ticket_id, "returned", "不归我们管")


async def test_pushes_arrive_in_order_and_until_they_are_taken(tmp_path, subscriber):
    subscriber.answers = [500, 429]
    async with (
        desk_with(tmp_path, push_url=subscriber.url, push_secret="s3") as desk,
        Store.open(tmp_path) as store,
    ):
        ticket_id = await store.add(Draft("housing.leak", "漏水", "5号楼"))
        for status in ("accepted", "in_progress", "fixed"):
            await desk.set(ticket_id, status)
        await subscriber.has(3)
        await eventually(lambda: nothing_due(store))
    assert [one.status for one in subscriber.heard] == ["accepted", "in_progress", "fixed"]
    assert subscriber.ids == ["u000001"] * 3 + ["u000002", "u000003"]


async def test_one_ticket_that_is_not_taken_does_not_hold_up_another(tmp_path, store):
    ids = [await store.add(Draft("housing.leak", "漏水", "5号楼")) for _ in range(2)]
    for one in ids:
        await store.set_status(one, "accepted")
        await store.set_status(one, "fixed")
    now = time.time()
    first, second = await store.due(now)
    await store.put_off(first.n, now + 60, "answered 500")
    assert [one.step.ticket for one in await store.due(now)] == [ids[1]]
    await store.sent(second.n)
    assert [one.step.status for one in await store.due(now)] == ["fixed"]


async def test_pushes_outlive_the_desk(tmp_path, subscriber, store):
    ticket_id = await store.add(Draft("housing.leak", "漏水", "5号楼"))
    await store.set_status(ticket_id, "accepted")
    async with desk_with(tmp_path, push_url=subscriber.url, push_secret="s3"):
        await subscriber.has(1)


async def test_what_the_client_says_is_not_pushed_back(store):
    ticket_id = await store.add(Draft("housing.leak", "漏水", "5号楼"))
    await store.client_update(ticket_id, "OPEN", "还在漏")
    assert await store.due(time.time()) == []


async def nothing_due(store):
    return not await store.due(time.time() + 3600)


# --- the process --------------------------------------------------------------------------------------------


async def test_a_stopped_desk_ends_in_order_and_forgets_nothing(tmp_path):
    async with running_desk(tmp_path) as desk, Open311Dispatch(desk.api) as client:
        ticket_id = await client.file(LIFT)
        desk.process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(desk.process.wait(), 10) == 0
    async with running_desk(tmp_path) as desk, Open311Dispatch(desk.api) as client:
        assert await client.find("g1-7", HOUR_AGO) == ticket_id


async def test_a_killed_desk_forgets_nothing(tmp_path):
    async with running_desk(tmp_path) as desk, Open311Dispatch(desk.api) as client:
        ticket_id = await client.file(LIFT)
        desk.process.kill()
        await desk.process.wait()
    async with running_desk(tmp_path) as desk, Open311Dispatch(desk.api) as client:
        assert (await client.ticket(ticket_id)).status == "received"


async def test_the_desk_ends_when_its_parent_is_gone(tmp_path):
    script = (
        "import os, subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-m', 'connectors.desk', '--home', sys.argv[1], '--port', '0'],"
        " env={**os.environ, 'LINLI_PARENT': str(os.getpid())}, stdout=subprocess.PIPE, text=True)\n"
        "while not child.stdout.readline().startswith('ready'): pass\n"
        "print(child.pid, flush=True)\n"
    )
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, str(tmp_path), stdout=asyncio.subprocess.PIPE
    )
    child = int((await parent.communicate())[0])
    await eventually(lambda: is_gone(child))


async def is_gone(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    # Where nobody waits for orphans, one that ended keeps its number.
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"


def test_options_come_from_the_command_line_before_the_environment(tmp_path):
    environment = {
        "LINLI_HOME": str(tmp_path),
        "LINLI_DESK_PORT": "8400",
        "LINLI_DISPATCH_KEY": "k",
        "LINLI_DESK_PUSH_URL": "http://127.0.0.1:1/push",
        "LINLI_DESK_PUSH_SECRET": "s",
        "LINLI_DESK_LOGIN": "t",
        "LINLI_PARENT": "7",
    }
    expected = Settings(tmp_path, "127.0.0.1", 8500, "k", "http://127.0.0.1:1/push", "s", "t", 7)
    assert read_settings(["--port", "8500"], environment) == expected


@pytest.mark.parametrize("arguments", [["--push-url", "http://127.0.0.1:1"], ["--port", "x"], ["--nonsense"]])
def test_a_wrong_option_ends_with_a_clear_text(arguments, capsys):
    with pytest.raises(SystemExit):
        read_settings(arguments, {})
    assert "error:" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("host", "local"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("desk.example", False)],
)
def test_only_a_loopback_address_is_local(tmp_path, host, local):
    assert Settings(tmp_path, host=host).is_local is local
