"""The documents keep what they show: every picture is there, every stage is explained, quoted words are the bot's."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from actions.case import Case, Stage
from actions.nodes import Light, Node
from actions.standing import Standing
from bot.cards import Writer

ROOT = Path(__file__).parent.parent
GUIDE = ROOT / "docs" / "workers.md"
DOCUMENTS = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
LARGEST_BYTES = 60 * 1024
NEVER_SHOWN = {Stage.NEW}
_PICTURE = re.compile(r'src="([^":]+)"|!\[[^\]]*\]\(([^):]+)\)')
_AT = datetime(2026, 11, 23, 9, tzinfo=UTC)


def pictures(document: Path) -> list[Path]:
    """The files that a document shows."""
    named = (one or other for one, other in _PICTURE.findall(document.read_text("utf-8")))
    return [(document.parent / name).resolve() for name in named]


def sections() -> list[str]:
    """The parts of the guide, each with its heading."""
    return re.split(r"^(?=#+ )", GUIDE.read_text("utf-8"), flags=re.MULTILINE)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_picture_that_a_document_shows_is_there(document):
    missing = [str(picture.relative_to(ROOT)) for picture in pictures(document) if not picture.is_file()]
    assert missing == []


def test_every_picture_of_the_guide_is_shown_and_small():
    taken = sorted((ROOT / "docs" / "pictures" / "guide").glob("*.png"))
    assert set(taken) == {picture for picture in pictures(GUIDE) if picture.parent.name == "guide"}
    assert [picture.name for picture in taken if picture.stat().st_size > LARGEST_BYTES] == []


def test_every_stage_of_a_case_has_a_section_with_a_picture():
    explained = {
        Stage(stage): "<img " in section
        for section in sections()
        for named in re.findall(r"<!-- stage: (.+?) -->", section)
        for stage in named.split()
    }
    assert set(explained) == set(Stage)
    assert {stage for stage, shown in explained.items() if not shown} == NEVER_SHOWN


def test_what_the_guide_quotes_from_private_chats_is_what_the_bot_writes():
    writer, title = Writer("zh_CN"), "春风里一网格邻里群"
    lamp = a_case("traffic.streetlight", "赵师傅", "东门口那盏路灯不亮好几天了", "东门口")
    hidden = a_case("disputes.family", "小吴", "6号楼楼上那家男的又在打老婆孩子", "6号楼")
    written = [
        writer.alert(lamp, late(), title),
        writer.handed(lamp, "网格员小陈", title),
        writer.desk(replace(hidden, private=True), title, ()),
    ]
    assert re.findall(r"```text\n(.+?)\n```", GUIDE.read_text("utf-8"), flags=re.DOTALL) == written


def a_case(category: str, name: str, text: str, place: str) -> Case:
    """A case that waits for its worker."""
    return Case(
        id="telegram:-1:1",
        number=1,
        group="telegram:-1",
        opened_at=_AT,
        changed_at=_AT,
        category=category,
        text=text,
        reporter="telegram:7",
        reporter_name=name,
        stage=Stage.WAITING_WORKER,
        place=place,
    )


def late() -> Standing:
    """Two working hours too late."""
    nine = datetime(2026, 11, 23, 9, tzinfo=UTC)
    return Standing(
        node=Node.WORKER,
        since=nine,
        due=nine + timedelta(hours=4),
        light=Light.RED,
        late=timedelta(hours=2),
        working=True,
    )
