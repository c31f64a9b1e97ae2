"""The documents and their pictures: what is named is there, and what was photographed is shown."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PICTURE = re.compile(r"(?:docs/)?pictures/[\w/-]+\.png")


def test_every_picture_that_a_document_names_is_there():
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    named = {
        ROOT / "docs" / one.removeprefix("docs/")
        for page in pages
        for one in PICTURE.findall(page.read_text("utf-8"))
    }
    assert named
    assert not [path.name for path in named if not path.is_file()]


def test_every_card_that_was_photographed_is_explained():
    text = (ROOT / "docs" / "cards.md").read_text("utf-8")
    photographed = {path.name for path in (ROOT / "docs" / "pictures" / "guide").glob("*.png")}
    assert photographed == {Path(one).name for one in PICTURE.findall(text)}
