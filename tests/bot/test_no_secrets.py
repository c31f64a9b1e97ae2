"""Secrets: none is in a log, an error, a page, a figure or a dead letter, whatever goes wrong."""

import asyncio
import io
import json
import re
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
import structlog

from actions.advance import advance
from actions.ledger import Change, Due, Moved
from actions.orders import FileTicket
from actions.talk import Talk
from bot.home import Home
from bot.log import log_path, recording
from bot.login import COOKIE
from bot.secrets_held import NAMES, secrets_held
from bot.settings import load
from connectors.push import signed_headers
from tests.console_world import reported
from tests.whole import NLU_PASSWORD, OUR_SECRETS, PUSH_SECRET, Whole, gossip, routes, whole_bot

ROOT = Path(__file__).parents[2]
HTML = {"Accept": "text/html"}


async def everything_told(here: Whole, stream: io.StringIO) -> str:
    """All that the bot lets anybody see, or writes down for an operator."""
    cookies = await here.log_in()
    told = [stream.getvalue(), log_path(here.settings.home).read_text("utf-8"), repr(here.settings)]
    for method, path in [*routes(here, changing=False), ("GET", "/nowhere"), ("GET", "/login?token=wrong")]:
        for more in ({}, {"cookies": cookies}, {"cookies": cookies, "headers": HTML}):
            _, headers, text = await here.ask(method, path, **more)
            told.append(f"{headers} {text}".replace(cookies[COOKIE], ""))
    async with here.state() as state:
        told += [repr(letter) for letter in await state.dead(100)]
    told.append(json.dumps(here.ring.last()))
    return "\n".join(told)


def secrets_of(here: Whole) -> list[str]:
    """What must not be told, as it is and as people may have encoded it."""
    kept = [path.read_text("ascii") for path in (here.settings.home / "keys").iterdir()]
    assert len(kept) >= 5
    return [*OUR_SECRETS, *kept, here.bot.console_token]


@pytest.mark.parametrize("status", [400, 401, 500, 302])
async def test_no_secret_is_told_when_every_service_fails_and_repeats_what_it_was_sent(tmp_path, status):
    stream = io.StringIO()
    with recording(tmp_path, stream=stream):  # no list of secrets: they are kept out where they arise
        async with gossip(status) as nlu, gossip(status) as dispatch:
            urls = {
                "nlu_url": f"http://linli:{NLU_PASSWORD}@{nlu.url}",
                "dispatch_url": f"http://linli:{NLU_PASSWORD}@{dispatch.url}",
            }
            async with whole_bot(tmp_path, **urls) as here:
                await provoke(here, dispatch)
                told = await everything_told(here, stream)
                found = [secret for secret in secrets_of(here) if secret in told]
    assert dispatch.heard > 1
    assert nlu.heard > 0
    assert found == []


async def provoke(here: Whole, dispatch) -> None:
    """Errors of each connector: Telegram, dispatch, NLU, Redis' own words, a push, a key, a login, a webhook."""
    group, wang = here.sim.group("3号楼"), here.sim.person("王")
    await here.sim.until(lambda: here.sim.webhook)
    for method in ("sendMessage", "getMe", "getChatAdministrators"):
        here.sim.fail_next(method, 400, times=3)
    hook = {"X-Telegram-Bot-Api-Secret-Token": str(here.sim.webhook.get("secret_token"))}
    message = {
        "message_id": 1,
        "date": int(time.time()),
        "chat": {"id": group.id, "type": "supergroup", "title": "3号楼"},
        "from": {"id": wang.id, "is_bot": False, "first_name": "王"},
        "text": "3号楼电梯又坏了",
    }
    poison = {"message": {"chat": {"id": -1_005}}}
    for number, raw in enumerate(({"message": message}, poison, {}), 1):
        body = json.dumps({"update_id": number, **raw})
        assert (await here.ask("POST", "/telegram/webhook", data=body, headers=hook))[0] == 200
    wrong = {"X-Telegram-Bot-Api-Secret-Token": "wrong"}
    assert (await here.ask("POST", "/telegram/webhook", data="{}", headers=wrong))[0] == 401
    body = b"no json"
    headers = signed_headers(PUSH_SECRET, "m1", int(time.time()), body)
    assert (await here.ask("POST", "/dispatch/push", data=body, headers=headers))[0] == 401
    assert (await here.ask("GET", "/api/cases?group=a", headers={"X-API-Key": "wrong"}))[0] == 401
    async with here.state() as state:
        now = datetime.now(UTC)
        order = FileTicket(key="web:demo:1:1:0", case="web:demo:1")
        await reported_case(state, now, order)
        async with asyncio.timeout(20):
            while not (dispatch.heard > 1 and (await state.dead(10))):  # noqa: ASYNC110 - a loop elsewhere does it
                await asyncio.sleep(0.05)


async def reported_case(state, now, order) -> None:
    fact = reported(1, now, "housing.elevator", "3号楼电梯又坏了", place="3号楼", group="web:demo")
    case, _ = advance(None, fact)
    await state.save(
        Change(
            talk=Talk(group="web:demo"), moved=(Moved(case, (fact,)),), orders=(Due(order, "web:demo", now),)
        )
    )


def test_every_secret_of_the_installation_is_struck_out_of_the_log(tmp_path):
    env = {
        "LINLI_HOME": str(tmp_path),
        "LINLI_REDIS_URL": "redis://u:p%40ss-word@h/0",
        "LINLI_API_KEY": "the-key",
    }
    held = secrets_held(load(env))
    assert {Home(tmp_path).secret(name) for name in NAMES} <= set(held)
    assert {"p@ss-word", "p%40ss-word", "the-key"} <= set(held)
    stream = io.StringIO()
    with recording(tmp_path, secrets=held, stream=stream):
        structlog.get_logger().warning("told", what=held, text=" ".join(held))
    assert [one for one in held if one in stream.getvalue()] == []


def test_the_program_makes_no_secret_that_is_not_in_the_list():
    sources = [path.read_text("utf-8") for path in (ROOT / "bot").glob("*.py")]
    assert {name for text in sources for name in re.findall(r'\.secret\("(\w+)"\)', text)} <= set(NAMES)


@pytest.mark.parametrize(
    "configure",
    [
        "from connectors.desk.__main__ import log_plainly as f; f()",
        "from bot.log import only_errors as f; f()",
    ],
)
def test_a_fault_in_a_process_without_a_log_file_shows_no_variable(configure):
    code = f"""
import structlog
{configure}
def fails(secret):
    raise ValueError("it broke")
try:
    fails("".join(["SECRET", "-in-a-", "variable"]))
except ValueError:
    structlog.get_logger().exception("failed")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert "it broke" in json.loads(done.stderr)["exception"]
    assert "SECRET-in-a-variable" not in done.stderr + done.stdout
