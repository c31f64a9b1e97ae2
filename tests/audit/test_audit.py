"""`make audit`: it sees a hole, a bad pin and a strong licence, and never takes a silence for a good answer."""

import json
import sys
from pathlib import Path

import pytest

from audit import advisories, licences, locks
from audit.run import LOCKS, NOT_WHOLE, WRONG, Audit

ROOT = Path(__file__).parents[2]
HASH = "--hash=sha256:" + "a" * 64


def lock(tmp_path, text: str) -> Path:
    path = tmp_path / "requirements.lock"
    path.write_text(text, "utf-8")
    return path


# --- locks ---


def test_our_locks_pin_everything_and_hold_nothing_bad_that_was_not_accepted():
    for name in LOCKS:
        pins, faults = locks.read(ROOT / name, name)
        assert len(pins) > 50
        assert faults == []
        assert [pin.name for pin, one in locks.bad(pins) if not one.accepted] == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("aiohttp>=3\n", "not a pinned version"),
        ("aiohttp==3.14.0\n", "has no hash"),
        (f"aiohttp==3.14.0 {HASH} --index-url http://a\n", "names an address"),
        (f"aiohttp @ http://a/b.whl {HASH}\n", "not a pinned version"),
        ("-r other.txt\n", "not a pinned version"),
    ],
)
def test_a_lock_that_is_open_is_a_fault(tmp_path, text, fault):
    _, (told,) = locks.read(lock(tmp_path, f"# head\n{text}"), "lock")
    assert fault in told
    assert "line 2" in told


@pytest.mark.parametrize(("version", "bad"), [("3.1.5", True), ("3.1.6", False), ("3.2", False), ("3", True)])
def test_a_version_below_the_mended_one_is_bad(tmp_path, version, bad):
    pins, _ = locks.read(lock(tmp_path, f"jinja2=={version} \\\n    {HASH}\n"), "lock")
    assert [one.advisory.split()[0] for _, one in locks.bad(pins)] == ["CVE-2025-27516"] * bad


# --- licences ---


@pytest.mark.parametrize(
    ("said", "strong"),
    [
        ("MIT License", False),
        ("GNU General Public License v3 (GPLv3)", True),
        ("GPL-3.0-or-later", True),
        ("AGPL-3.0", True),
        ("GNU Lesser General Public License v3 (LGPLv3)", False),
        ("GPL-2.0 WITH Classpath-exception", False),
        ("SSPL-1.0", True),
    ],
)
def test_a_licence_that_asks_for_the_whole_is_seen(said, strong):
    assert bool(licences.strong({"a": said})) is strong


def test_the_licences_of_an_environment_are_read():
    assert "aiohttp" in licences.of(Path(sys.executable))


# --- advisories ---

BAD = {"name": "jinja2", "version": "3.1.2", "vulns": [{"id": "PYSEC-1", "fix_versions": ["3.1.6"]}]}
KEPT = {"name": "keras", "version": "2.12.0", "vulns": [{"id": "GHSA-1", "aliases": ["CVE-2024-3660"]}]}
NEW = {"name": "keras", "version": "2.12.0", "vulns": [{"id": "GHSA-2", "aliases": ["CVE-2099-1"]}]}
GOOD = {"name": "aiohttp", "version": "3.14.0", "vulns": []}


def said(*rows) -> str:
    return json.dumps({"dependencies": rows, "fixes": []})


def test_an_advisory_is_to_be_mended_unless_this_very_one_was_accepted():
    told = advisories.read(said(BAD, KEPT, NEW, GOOD))
    assert told.found == (
        "jinja2 3.1.2: PYSEC-1; mended in 3.1.6",
        "keras 2.12.0: GHSA-2 CVE-2099-1; mended in no version yet",
    )
    assert len(told.accepted) == 1
    assert told.unasked == ""


def test_a_package_that_was_passed_over_is_not_taken_for_a_good_one():
    """Where the index does not answer, pip-audit says of each package that it is not there, and ends with 0."""
    told = advisories.read(said(GOOD, {"name": "redis", "skip_reason": "not found on the index"}))
    assert (told.found, told.unasked) == ((), "1 of 2 packages: redis")


@pytest.mark.parametrize("output", ["", "[]", "null", "{}", "<html>", '{"dependencies": [{}]}', said()])
def test_an_answer_that_is_none_is_no_good_answer(output):
    assert advisories.read(output, "WARNING a\nConnectionError: no route\n").unasked


def test_a_tool_that_does_not_run_is_told(tmp_path):
    assert "does not run" in advisories.ask(str(tmp_path / "nothing"), tmp_path, "lock").unasked


# --- the whole ---


@pytest.fixture
def audit(tmp_path):
    (tmp_path / "nlu").mkdir()
    for name in LOCKS:
        (tmp_path / name).write_text(f"a==1 {HASH}\n", "utf-8")
    return Audit(tmp_path)


def test_what_could_not_be_looked_at_is_said_and_ends_otherwise_only_where_that_is_asked(audit, capsys):
    audit.copyleft()
    audit.advisories(None)
    assert (audit.verdict(whole=False), audit.verdict(whole=True)) == (0, NOT_WHOLE)
    out = capsys.readouterr().out
    assert "COULD NOT BE LOOKED AT: pip-audit is not installed" in out
    assert "not looked at: advisories, licences" in out


def test_a_pin_that_is_bad_ends_with_one_whatever_else_was_not_seen(audit, capsys):
    (audit.root / "requirements.lock").write_text(f"jinja2==3.1.2 {HASH}\n", "utf-8")
    audit.pinned()
    audit.advisories(None)
    assert (audit.verdict(whole=False), audit.verdict(whole=True)) == (WRONG, WRONG)
    assert "TO BE MENDED: requirements.lock: jinja2 3.1.2" in capsys.readouterr().out


def test_a_hole_in_the_code_is_seen(audit, capsys):
    (audit.root / "hole.py").write_text(
        "import subprocess\nsubprocess.call('ls ' + 'x', shell=True)\n", "utf-8"
    )
    audit.linter()
    assert audit.verdict(whole=False) == WRONG
    assert "hole.py:2" in capsys.readouterr().out


def test_code_without_a_hole_is_none(audit):
    (audit.root / "plain.py").write_text("x = 1\n", "utf-8")
    audit.linter()
    assert audit.verdict(whole=False) == 0
