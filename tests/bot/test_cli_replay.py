"""The command `linli replay`, typed: an export in, a report or JSON out, an error that says what to do."""

import asyncio
import json
import os
import signal
import sys

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.bot.exports import chat, said, write

LIFT = "3号楼电梯又坏了"
REPORT = {
    "intent": {"name": "report", "confidence": 0.95},
    "category": {"name": "housing.elevator", "confidence": 0.9},
    "entities": [{"entity": "location", "value": "3号楼", "start": 0, "end": 3}],
}
CHATTER = {"intent": {"name": "chatter", "confidence": 1.0}}


class Nlu:
    """A server that takes one text for a report, and hangs at another."""

    def __init__(self):
        self.stuck, self.let_go = asyncio.Event(), asyncio.Event()

    async def parse(self, request):
        text = (await request.json())["text"]
        if text == "停":
            self.stuck.set()
            await self.let_go.wait()
        return web.json_response(REPORT if text == LIFT else CHATTER)

    async def status(self, _):
        return web.json_response({})


@pytest.fixture
async def nlu():
    nlu, app = Nlu(), web.Application()
    app.router.add_post("/model/parse", nlu.parse)
    app.router.add_get("/status", nlu.status)
    async with TestServer(app) as server:
        nlu.url = str(server.make_url("/"))
        yield nlu
        nlu.let_go.set()


async def start(nlu, tmp_path, *args):
    env = {**os.environ, "LINLI_NLU_URL": nlu.url, "LINLI_HOME": str(tmp_path / "home"), "LINLI_LANG": "en"}
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot.cli", "replay", *args, stdout=pipe, stderr=pipe, env=env
    )


async def typed(nlu, tmp_path, *args):
    child = await start(nlu, tmp_path, *args)
    out, err = await asyncio.wait_for(child.communicate(), 60)
    return child.returncode, out.decode(), err.decode()


async def test_an_export_gives_a_report(nlu, tmp_path):
    file = write(tmp_path, chat(said(1, LIFT), said(2, **{"from": "孟姐", "from_id": "user21"})))
    code, out, err = await typed(nlu, tmp_path, str(file), "--worker", "孟姐")
    assert (code, err) == (0, "")
    assert out.startswith("What Linli would have made of 阳光小区3号楼")
    assert "lift out of order" in out
    assert [path.name for path in tmp_path.iterdir()] == ["result.json"]


async def test_programs_get_json(nlu, tmp_path):
    file = write(tmp_path, chat(said(1, LIFT), said(2)))
    code, out, _ = await typed(nlu, tmp_path, str(file), "--json", "--since", "2026-03-02")
    told = json.loads(out)
    assert code == 0
    assert list(told) == ["cases", "unsure", "said"]
    assert [case["messages"] for case in told["cases"]] == [[{"id": 1, "as": "report"}]]


@pytest.mark.parametrize(
    ("args", "why"),
    [
        (("--worker", "nobody"), "nobody of that name"),
        (("--zone", "Mars/Base"), "no such time zone"),
        (("--since", "soon"), "are days such as"),
        (("--chat", "other"), "no chat is called so"),
    ],
)
async def test_a_mistake_is_said_in_a_sentence(nlu, tmp_path, args, why):
    file = write(tmp_path, chat(said(1, LIFT)))
    code, out, err = await typed(nlu, tmp_path, str(file), *args)
    assert (code, out) == (2, "")
    assert why in err
    assert "Traceback" not in err


async def test_a_file_that_is_not_there_is_said(nlu, tmp_path):
    code, _, err = await typed(nlu, tmp_path, str(tmp_path / "nothing.json"))
    assert code == 2
    assert "Traceback" not in err


async def test_ctrl_c_prints_what_there_is_so_far(nlu, tmp_path):
    file = write(tmp_path, chat(said(1, LIFT), said(2, "停"), said(3, LIFT)))
    child = await start(nlu, tmp_path, str(file))
    await asyncio.wait_for(nlu.stuck.wait(), 60)
    child.send_signal(signal.SIGINT)
    out, err = await asyncio.wait_for(child.communicate(), 30)
    assert child.returncode == 130
    assert "1 of 3 messages are through" in out.decode()
    assert "lift out of order" in out.decode()
    assert "Traceback" not in err.decode()
