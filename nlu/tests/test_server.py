"""Rules of the server: on real sockets, with the tiny model or a reader written by hand."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from contextlib import asynccontextmanager
from pathlib import Path

import desk
import pytest
import readers
import server
from aiohttp import ClientSession, web

HERE = Path(__file__).resolve().parent.parent


class InThread:
    """A lane whose reader is here."""

    def __init__(self, reader):
        self.reader = reader

    async def read(self, asked):
        return await asyncio.to_thread(readers.written, self.reader, asked)


class Slow:
    """A reader that answers when it is let go, and fails on the word "poison"."""

    def __init__(self):
        self.go = threading.Event()
        self.batches = []

    def read(self, asked):
        self.go.wait(20)
        self.batches.append(len(asked))
        if any(one.text == "poison" for one in asked):
            raise ValueError("poison")
        return [{"text": one.text} for one in asked]


@asynccontextmanager
async def serving(reader, linking=None, **settings):
    about = {"model": "slow.tar.gz", "loaded_at": "2026-01-01T00:00:00+00:00", "linking": linking}
    runner = web.AppRunner(server.application([InThread(reader)], about, **settings))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        async with ClientSession(f"http://127.0.0.1:{runner.addresses[0][1]}") as client:
            yield client
    finally:
        await runner.cleanup()


async def answered(client, **body):
    async with client.post("/model/parse", json=body) as answer:
        return answer.status, await answer.json()


def test_the_answer_has_the_form_of_the_contract(reader):
    async def check():
        async with serving(reader) as client:
            status, said = await answered(
                client, text="2栋1单元电梯坏了", context=["早"], reply_to="谁在", role="resident"
            )
        assert status == 200
        assert set(said) == {
            "text", "intent", "intent_ranking", "entities", "category", "category_ranking", "urgency",
            "meaning",
        }  # fmt: skip
        for place in said["entities"]:
            assert place["entity"] == "location"
            assert said["text"][place["start"] : place["end"]] == place["value"]

    asyncio.run(check())


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b"null", b'"text"', b"{}", b"\xff\xfe", b'{"text": 3}', b'{"text": null}', b"[" * 100000,
        b'{"text": "a", "context": "b"}', b'{"text": "a", "context": [1]}', b'{"text": "a", "reply_to": 1}',
        b'{"text": "a", "role": "king"}', b'{"text": "a", "role": []}',
    ],
)  # fmt: skip
def test_a_bad_request_gets_400_and_a_reason(body):
    async def check():
        async with serving(Slow()) as client, client.post("/model/parse", data=body) as answer:
            assert answer.status == 400
            assert (await answer.json())["error"]

    asyncio.run(check())


def test_errors_of_http_are_json_too():
    async def check():
        async with serving(Slow()) as client:
            async with client.get("/nowhere") as answer:
                assert (answer.status, await answer.json()) == (404, {"error": "Not Found"})
            async with client.post("/model/parse", data=b"x" * (server.MOST_BYTES + 1)) as answer:
                assert answer.status == 413
                assert (await answer.json())["error"]

    asyncio.run(check())


def test_the_weights_of_the_linking_are_served_as_they_were_learnt():
    async def check():
        taught = '{"options": {}, "kinds": {}, "common": ["小区"]}'
        async with serving(Slow(), taught) as client, client.get("/linking") as answer:
            assert (answer.status, await answer.json()) == (200, json.loads(taught))

    asyncio.run(check())


def test_a_model_that_learnt_from_no_transcripts_has_no_linking(reader):
    async def check():
        async with serving(reader) as client, client.get("/linking") as answer:
            assert answer.status == 404
            assert "transcripts" in (await answer.json())["error"]

    asyncio.run(check())


def test_every_reading_says_which_model_gave_it():
    async def check():
        slow = Slow()
        slow.go.set()
        async with serving(slow) as client, client.post("/model/parse", json={"text": "a"}) as answer:
            assert answer.headers["X-Linli-Model"] == "slow.tar.gz"

    asyncio.run(check())


def test_a_lone_surrogate_is_answered(reader):
    async def check():
        body = b'{"text": "\\ud83d \\u7535\\u68af"}'
        async with serving(reader) as client, client.post("/model/parse", data=body) as answer:
            assert answer.status == 200

    asyncio.run(check())


def test_messages_that_wait_are_read_together_and_health_answers_meanwhile():
    async def check():
        slow = Slow()
        async with serving(slow) as client:
            asked = [asyncio.create_task(answered(client, text=str(n))) for n in range(40)]
            async with client.get("/healthz") as answer:
                assert answer.status == 200
            slow.go.set()
            assert [said["text"] for _, said in await asyncio.gather(*asked)] == [str(n) for n in range(40)]
        assert sum(slow.batches) == 40
        assert 1 < max(slow.batches) <= desk.MOST_AT_ONCE

    asyncio.run(check())


def test_one_message_that_cannot_be_read_spoils_no_other():
    async def check():
        slow = Slow()
        async with serving(slow) as client:
            asked = [asyncio.create_task(answered(client, text=text)) for text in ("a", "b", "poison", "c")]
            slow.go.set()
            assert sorted(status for status, _ in await asyncio.gather(*asked)) == [200, 200, 200, 500]

    asyncio.run(check())


def test_busy_is_503_with_retry_after():
    async def check():
        body = {"text": "a"}
        async with (
            serving(Slow(), most_waiting=0) as client,
            client.post("/model/parse", json=body) as answer,
        ):
            assert (answer.status, answer.headers["Retry-After"]) == (503, "1")

    asyncio.run(check())


def started(model, **environment):
    return subprocess.Popen(
        [sys.executable, "-m", "server", "--port", "0", "--model", str(model)],
        cwd=HERE, env={**os.environ, **environment}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_the_process_says_where_it_listens_and_stops_on_sigterm(model):
    with started(model) as process:
        url = process.stdout.readline().removeprefix("ready ").strip()
        with urllib.request.urlopen(f"{url}/status", timeout=10) as answer:
            assert json.load(answer)["fingerprint"] == "tiny"
        body = json.dumps({"text": "秘密6号楼电梯"}).encode()
        with urllib.request.urlopen(f"{url}/model/parse", body, timeout=10) as answer:
            assert json.load(answer)["text"] == "秘密6号楼电梯"
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=10)
    assert process.returncode == 0
    events = [json.loads(line) for line in errors.splitlines() if line.startswith("{")]
    assert [e["event"] for e in events] == ["serving", "stopping"]
    assert "秘密" not in errors


def test_the_process_ends_with_its_parent(model):
    script = (
        "import os, subprocess, sys; os.environ['LINLI_PARENT'] = str(os.getpid());"
        "p = subprocess.Popen([sys.executable, '-m', 'server', '--port', '0', '--model', sys.argv[1]],"
        " stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True);"
        "print(p.pid, p.stdout.readline(), flush=True)"
    )
    made = subprocess.run(
        [sys.executable, "-c", script, str(model)],
        cwd=HERE,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    pid, deadline = int(made.stdout.split()[0]), time.monotonic() + 10
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not alive(pid)


def alive(pid):
    shown = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout
    return bool(shown.strip()) and not shown.startswith("Z")


def test_a_missing_model_is_an_error_not_a_trace(tmp_path):
    with started(tmp_path / "none.tar.gz") as process:
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "Traceback" not in errors
