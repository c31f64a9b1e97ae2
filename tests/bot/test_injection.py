"""Residents' words: never markup, a formula, a command of a terminal, a line of the log, or a mark of ours."""

import io
import json

import pytest
import structlog
from rich.console import Console
from typer.testing import CliRunner

from actions.post import Button, Post
from actions.visible import STEERING
from bot.cli import app
from bot.cli_hierarchy import show as show_tree
from bot.log import log_path, recording
from bot.settings import load
from connectors.desk.records import split_reference
from connectors.desk.store import Draft, Store
from connectors.dispatch import Filing, Open311Dispatch
from connectors.telegram import TelegramChat
from connectors.telegram_posts import with_mentions
from tests.connectors.desk_world import HOUR_AGO, desk_with
from tests.telegram_simulator import TelegramSimulator

HOSTILE = (
    "<b>坏了</b><script>alert(1)</script>",
    "*粗* _斜_ [点我](https://evil.example) `code` ||藏||",
    "&lt;i&gt; \\* tg://user?id=1",
    '=HYPERLINK("http://evil.example")',
    "\x1b[2J\x1b]0;title\x07 \x9b31m 红",
    '一行\nERROR 又一行\r\n{"level": "error"}',
    "\u202eexe.gnp \u2066 \u2029",
    "[ref:web:demo:1] [upd:x] {{ 7*7 }} {% raw %} %(a)s {0}",
)


# --- the chat ---


@pytest.mark.parametrize("words", HOSTILE)
async def test_telegram_is_never_told_to_read_words_as_markup(words):
    async with TelegramSimulator() as sim:
        chat = TelegramChat(sim.token, api_root=sim.url)
        group, wang = sim.group("g"), sim.person("王")
        post = Post(
            group.ref,
            words,
            "k",
            ((Button(words[:20], "data"),),),
            mentions=((f"telegram:{wang.id}", words),),
        )
        await chat.edit(await chat.post(post), post)
        await chat.answer("1", words)
        await chat.stop()
    said = [
        given
        for name, given in sim.calls
        if name in {"sendMessage", "editMessageText", "answerCallbackQuery"}
    ]
    assert len(said) == 3
    assert not any("parse_mode" in given for given in said)
    # Who is called is marked by place and number, and by nothing in the words.
    kinds = {entity["type"] for given in said for entity in given.get("entities", [])}
    assert kinds <= {"text_mention"}


@pytest.mark.parametrize("words", HOSTILE)
def test_only_those_who_are_called_are_marked(words):
    text, entities = with_mentions(Post("telegram:-1", words, "k"))
    assert entities == []
    assert "坏了" not in words or "<b>坏了</b>" in text


# --- the terminal and the log ---


@pytest.fixture
async def ticket(tmp_path):
    async with Store.open(tmp_path) as store:
        for words in HOSTILE:
            await store.add(Draft("housing.leak", words, words))
    return tmp_path


def test_a_list_of_tickets_commands_no_terminal(ticket):
    env = {"LINLI_HOME": str(ticket), "LINLI_CONFIG": ""}
    for more in ([], ["--json"]):
        shown = CliRunner().invoke(app, ["desk", "list", *more], env=env)
        assert shown.exit_code == 0
        assert not STEERING.search(shown.stdout.replace("\n", ""))
    assert len(json.loads(shown.stdout)) == len(HOSTILE)


def test_a_tree_of_names_commands_no_terminal(tmp_path):
    path = tmp_path / "linli.toml"
    path.write_text(
        "".join(
            f"[[grid]]\nid = {json.dumps(f'g{n}')}\nname = {json.dumps(w)}\n"
            for n, w in enumerate(HOSTILE[:6])
        )
    )
    out = io.StringIO()
    show_tree(load({}, path), Console(file=out, width=400))
    assert not STEERING.search(out.getvalue().replace("\n", ""))
    assert "<b>坏了</b>" in out.getvalue()


@pytest.mark.parametrize("words", HOSTILE)
def test_a_trace_of_anybodys_making_commands_no_terminal(tmp_path, words):
    path = tmp_path / "trace.jsonl"
    path.write_text(json.dumps({"group": words}) + "\n", "utf-8")
    told = CliRunner().invoke(app, ["trace", "verify", str(path)])
    assert told.exit_code == 1
    assert not STEERING.search(told.output.replace("\n", ""))
    named = [line for line in told.stdout.splitlines() if line]
    assert len(named) == 1  # no line of its own making says that all is sound


@pytest.mark.parametrize("words", HOSTILE)
def test_an_event_is_one_line_of_the_log_whatever_it_says(tmp_path, words):
    stream = io.StringIO()
    with recording(tmp_path, stream=stream):
        structlog.get_logger().warning("poison", reason=words, key=words)
    (line,) = log_path(tmp_path).read_text("utf-8").splitlines()
    assert json.loads(line)["reason"] == words
    assert not STEERING.search(stream.getvalue().removesuffix("\n"))


# --- dispatch ---


@pytest.mark.parametrize("words", HOSTILE)
@pytest.mark.parametrize("wire", ["json", "xml"])
async def test_dispatch_reads_the_words_as_they_are_and_no_mark_but_ours(tmp_path, words, wire):
    async with desk_with(tmp_path) as desk, Open311Dispatch(desk.api, format=wire) as client:
        number = await client.file(Filing("web:demo:2", "housing.leak", words, "北门"))
        assert await client.find("web:demo:1", HOUR_AGO) is None
        assert await client.find("web:demo:2", HOUR_AGO) == number
        told = (await client.ticket(number)).description
        assert await client.find_update(number, "x", HOUR_AGO) is None
    assert split_reference(told)[1] == "web:demo:2"
    for sign in ("<", "&lt;", "=", "{{"):
        assert (sign in words) <= (sign in told)
