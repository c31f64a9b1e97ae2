"""Strange files of operators: they are read, or the error is one for an operator, names the file, and comes soon."""

import io
import json
import zipfile
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from actions.chain import Head
from bot.history import BadHistory
from bot.history_file import read_history
from bot.in_force import InForce
from bot.json_stream import LONGEST
from bot.matter_list import read_matters
from bot.matter_rows import COLUMNS
from bot.settings import SettingsError, load
from bot.table import BadTable, read
from bot.trace_export import read_heads, verify_lines
from tests.fuzz.strange import answers_or_says, anything, document, fuzz, in_time, inputs, with_strange_values

ZONE = ZoneInfo("Asia/Shanghai")
ROOT = Path(__file__).parents[2]
TRANSCRIPT = (
    b'{"id": "1", "at": "2026-03-01T08:00:00", "sender": "a", "role": "resident", "kind": "text", "text": "\xe5\x9d\x8f",'
    b' "reply_to": null}\n{"id": "2", "at": "2026-03-01T08:01:00+08:00", "sender": "b", "kind": "photo", "text": "",'
    b' "reply_to": "1"}\n'
)
EXPORT = {
    "name": "3号楼",
    "type": "private_supergroup",
    "id": 1001,
    "messages": [
        {
            "id": 1,
            "type": "message",
            "date": "2026-03-01T08:00:00",
            "date_unixtime": "1772323200",
            "from": "王",
            "from_id": "user42",
            "text": ["电梯", {"type": "bold", "text": "坏了"}],
            "text_entities": [],
            "photo": "photos/a.jpg",
            "location_information": {"latitude": 1.0, "longitude": 2.0},
            "reply_to_message_id": 7,
        },
        {"id": 2, "type": "service", "action": "topic_created", "date": "2026-03-01T08:00:00"},
    ],
}
WHOLE = {"chats": {"list": [EXPORT, {**EXPORT, "id": 1002}]}, "left_chats": {"list": []}}
MATTERS = (
    ",".join(COLUMNS)
    + "\nhousing.elevator.stuck,电梯困人,Stuck,housing.elevator,市场监管,消防;物业,street,30m,2wd,0,"
    "特种设备安全法,2026-01-01,,电梯关人\n"
).encode()
HIERARCHY = (ROOT / "docs" / "hierarchy.csv").read_bytes()
TOML = (ROOT / "linli.toml.example").read_bytes().replace(b"\n# ", b"\n")


@pytest.fixture
def put(tmp_path):
    """Writes a file, and gives its path."""

    def write(name: str, content: bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return write


# --- histories ---


@fuzz
@given(inputs(TRANSCRIPT, document(EXPORT), json.dumps(EXPORT, indent=1).encode(), document(WHOLE)))
def test_a_history_is_read_or_refused(put, content):
    answers_or_says(lambda path: read_history(path, ZONE), put("history.json", content), BadHistory)


@fuzz
@given(
    st.one_of(with_strange_values(EXPORT), with_strange_values(WHOLE), anything), st.sampled_from((None, 1))
)
def test_an_export_with_strange_values_is_read_or_refused(put, value, indent):
    content = json.dumps(value, indent=indent).encode("utf-8", "surrogatepass")
    for chat in (None, "3号楼"):
        answers_or_says(partial(read_history, zone=ZONE, chat=chat), put("result.json", content), BadHistory)


@fuzz
@given(st.lists(with_strange_values(json.loads(TRANSCRIPT.splitlines()[0])), max_size=3))
def test_a_transcript_with_strange_values_is_read_or_refused(put, rows):
    content = b"\n".join(map(document, rows))
    answers_or_says(lambda path: read_history(path, ZONE), put("group.jsonl", content), BadHistory)


def test_a_file_of_nothing_but_escapes_takes_no_time_without_end(put):
    content = b'{\n"messages": [{"id": 1, "text": "' + b"\\x1f" * 20_000 + b'"}]}'
    answers_or_says(lambda path: read_history(path, ZONE), put("result.json", content), BadHistory)


def test_a_value_without_an_end_is_given_up(put):
    content = b'{\n"messages": [{"text": "' + b"a" * (LONGEST + (2 << 20))
    answers_or_says(lambda path: read_history(path, ZONE), put("result.json", content), BadHistory)


# --- tables ---


def sheet(rows) -> bytes:
    book, out = Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(out)
    return out.getvalue()


SHEET = sheet([["kind", "id", "name", "level"], ["area", "a", "甲", "city"], [1.5, "=1+1", None, True]])


@fuzz
@given(inputs(MATTERS, HIERARCHY, SHEET))
def test_a_table_is_read_or_refused(put, content):
    for name in ("t.csv", "t.xlsx"):
        answers_or_says(read, put(name, content), BadTable)
        answers_or_says(read_matters, put(name, content), BadTable)


@fuzz
@given(inputs(HIERARCHY, SHEET), st.sampled_from(("h.csv", "h.xlsx")))
def test_a_hierarchy_is_read_or_its_faults_are_told(put, content, name):
    path = put(name, content)
    found = answers_or_says(lambda one: load({}, hierarchy=one), path, SettingsError)
    if found:
        InForce.load(InForce.of(found).dump())


@fuzz
@given(
    st.sampled_from(
        ("xl/workbook.xml", "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "[Content_Types].xml")
    ),
    inputs(b"<a/>"),
)
def test_a_spreadsheet_with_strange_parts_is_read_or_refused(put, part, content):
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(SHEET)) as good, zipfile.ZipFile(out, "w") as bad:
        for name in good.namelist():
            bad.writestr(name, content if name == part else good.read(name))
    answers_or_says(read, put("t.xlsx", out.getvalue()), BadTable)


def test_a_spreadsheet_that_unpacks_without_end_is_refused_before_it_is(put):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("xl/workbook.xml", b"\0" * 1000)
        bomb.filelist[0].file_size = 2_000_000_000  # as the directory of a file says that would be so large
    path = put("t.xlsx", out.getvalue())
    with in_time(), pytest.raises(BadTable, match="unpacked"):
        read(path)


# --- linli.toml ---


@fuzz
@given(inputs(TOML))
def test_settings_are_read_or_every_fault_is_told(put, content):
    answers_or_says(lambda path: load({}, path), put("linli.toml", content), SettingsError)


TREE = {
    "port": 8080,
    "host": "127.0.0.1",
    "hosts": ["a"],
    "country": "CN",
    "emergency": {"fire": "119"},
    "telegram": {"token": "x", "webhook": "https://a"},
    "policy": {"where_minutes": 1, "private_categories": ["health"]},
    "calendar": {"begins": "09:00", "days_off": ["2026-12-24"]},
    "key": [{"name": "a", "scopes": ["cases"], "secret": "0123456789abcdef"}],
    "dispatch_services": {"housing": "1"},
    "grid": [
        {
            "id": "a",
            "name": "甲",
            "groups": ["web:a"],
            "workers": ["web:b", {"id": "web:c", "name": "d"}],
            "policy": {"share": 0.1},
        }
    ],
    "area": [{"id": "x", "name": "X", "level": "city", "supervisors": ["web:a"]}],
    "unit": [{"id": "u", "name": "U", "area": "x", "acts_for": ["y"]}],
}


@fuzz
@given(with_strange_values(TREE))
def test_settings_of_strange_values_are_read_or_every_fault_is_told(put, tree):
    if isinstance(tree, dict):
        content = "\n".join(f"{json.dumps(str(key))} = {as_toml(value)}" for key, value in tree.items())
        path = put("linli.toml", content.encode("utf-8", "replace"))
        env = {"LINLI_TELEGRAM_TOKEN": "1:a", "LINLI_PORT": "1"}
        answers_or_says(lambda one: load(env, one), path, SettingsError)


def as_toml(value) -> str:
    """A value on one line of TOML."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(str(key))} = {as_toml(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(as_toml, value)) + "]"
    if value is None or isinstance(value, float):
        return "0.5"
    return json.dumps(value)


# --- a trace from elsewhere ---

LINKS = [
    {"group": "web:a", "n": 1, "case": 0, "prev": "", "hash": "a" * 64, "open": {"is": "Begun"}},
    {"group": "web:a", "n": 2, "case": 1, "prev": "a" * 64, "hash": "b" * 64, "open": {"is": "Erased", "lines": {"1": "c"}}},
    {"group": "telegram:-1", "n": 1, "case": 1, "prev": "", "hash": "c" * 64, "open": {"is": "Reported"},
     "personal": "d", "erased": "e", "shown": {"personal": {"salt": "s", "value": {"text": "x"}}}},
]  # fmt: skip
HEAD = {"group": "web:a", "n": 2, "hash": "b" * 64}
A_TRACE = b"\n".join(map(document, LINKS))


@fuzz
@given(
    inputs(A_TRACE)
    | st.lists(with_strange_values(LINKS[2]), max_size=4).map(lambda r: b"\n".join(map(document, r)))
)
def test_a_trace_of_anybodys_making_is_verified_and_never_sound_by_chance(content):
    lines = content.decode("utf-8", "replace").splitlines()
    with in_time():
        found = verify_lines(lines, {"web:a": Head(2, "b" * 64)})
    assert found.wrong  # the head that was kept is of no chain here


@fuzz
@given(inputs(document(HEAD)) | with_strange_values(HEAD).map(document))
def test_heads_are_read_or_the_line_that_is_none_is_named(content):
    lines = content.decode("utf-8", "replace").splitlines()
    answers_or_says(read_heads, lines, ValueError)
