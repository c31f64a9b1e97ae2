"""`linli train`, with an NLU project of a few lines in the place of the real one."""

import io
import json
import sys
from pathlib import Path

import pytest
from rich.console import Console

from bot import cli_train
from bot.home import Home
from bot.record_store import RecordStore
from bot.records import Asked
from bot.settings import Settings

TRAIN = """
import hashlib, sys
from pathlib import Path
def rows(folder):
    return sorted(line for path in Path(folder).glob("*/*.tsv") for line in path.read_text("utf-8").splitlines()[1:])
if __name__ == "__main__":
    with Path("asked").open("a", encoding="utf-8") as asked:
        asked.write(" ".join(sys.argv[1:]) + "\\n")
    found = rows(sys.argv[2]) if "--with" in sys.argv else []
    if any("broken" in row for row in found):
        sys.exit("data.tsv:1: broken")
    print("  learn_grams: 0.1 s")
    text = "\\n".join(found)
    if "--to" in sys.argv:
        Path(sys.argv[sys.argv.index("--to") + 1]).write_text(text, encoding="utf-8")
    else:
        model = Path("models") / (hashlib.sha256(text.encode()).hexdigest()[:16] + ".tar.gz")
        model.parent.mkdir(exist_ok=True)
        model.write_text(text, encoding="utf-8")
        print("trained", model.name, "in 3 s, 16.1 MB")
"""
COMPARE = """
import json, sys
from pathlib import Path
from train import rows
before, after = (set(Path(path).read_text("utf-8").splitlines()) for path in sys.argv[1:3])
held = set(rows(sys.argv[4]))
assert not held & after and not before, "the rows held out were taught"
share = {"before": 0.25, "after": 0.75}
print("  12 messages read")
print(json.dumps({"rows": len(held), "category": share, "intent": {"before": None, "after": None}, "messages": 90,
    "changed": 4, "chatter": 60, "called": {"before": 3, "after": 5}}))
"""


@pytest.fixture
def nlu(tmp_path):
    folder = tmp_path / "nlu"
    (folder / ".venv" / "bin").mkdir(parents=True)
    (folder / ".venv" / "bin" / "python").symlink_to(sys.executable)
    (folder / "train.py").write_text(TRAIN, encoding="utf-8")
    (folder / "compare.py").write_text(COMPARE, encoding="utf-8")
    return folder


class Town:
    """A home, an NLU project, and what the command said."""

    def __init__(self, folder: Path, nlu: Path) -> None:
        self.folder, self.nlu = folder, nlu
        self.settings = Settings.model_validate({"home": folder / "home"})
        self.store = RecordStore(Home(self.settings.home))

    def file(self, name: str, rows: list[tuple[str, str]]) -> Path:
        path = self.folder / name
        lines = [("内容", "类别"), *rows]
        path.write_text("".join(f"{text},{category}\n" for text, category in lines), encoding="utf-8")
        return path

    def train(self, *files: Path, **order: object) -> tuple[int, str]:
        out = io.StringIO()
        asked = order.pop("asked", Asked())
        what = cli_train.Order(files, asked, **order)
        code = cli_train.main(self.settings, what, nlu=self.nlu, console=Console(file=out, width=200))
        return code, out.getvalue()

    def models(self) -> list[set[str]]:
        return [
            {line.rpartition("\t")[2] for line in path.read_text("utf-8").splitlines()}
            for path in sorted((self.nlu / "models").glob("*"), key=lambda p: p.stat().st_mtime_ns)
        ]


@pytest.fixture
def town(tmp_path, nlu):
    return Town(tmp_path, nlu)


WATER = [(f"{number}号楼停水", "停水") for number in range(1, 11)]
TEXTS = {text for text, _ in WATER}


def test_a_file_is_kept_and_taught_and_what_it_changes_is_shown(town):
    code, said = town.train(town.file("may.csv", [*WATER, ("坏了", "不明")]))
    assert code == 0
    assert "text from '内容', category from '类别'" in said
    assert "may.csv, row 12: unknown category '不明'" in said
    assert town.store.wrong_rows.read_text("utf-8") == "may.csv, row 12: unknown category '不明'\n"
    assert "category right, of 2 rows held out" in said
    assert "25.0%" in said
    assert "75.0%" in said
    assert town.models() == [set(), TEXTS]
    assert town.store.counts() == {"may_csv": 10}
    assert not town.store.training.exists()


def test_later_files_are_taught_beside_the_earlier_and_their_repetitions_left_out(town):
    town.train(town.file("may.csv", WATER), quick=True)
    _, said = town.train(town.file("june.csv", [WATER[0], ("路灯不亮", "路灯不亮")]), quick=True)
    assert "june.csv, row 2: the same text is in may_csv already" in said
    assert town.models()[-1] == TEXTS | {"路灯不亮"}


def test_quick_trains_one_model_and_compares_nothing(town):
    _, said = town.train(town.file("may.csv", WATER), quick=True)
    assert "held out" not in said
    assert town.models() == [TEXTS]


def test_without_a_file_what_is_kept_is_trained_and_forgetting_drops_it(town):
    town.train(town.file("may.csv", WATER), quick=True)
    code, said = town.train()
    assert (code, town.models()) == (0, [TEXTS])
    assert "may_csv (10)" in said
    code, said = town.train(forget=True)
    assert "10 records are dropped" in said
    assert town.models()[-1] == set()
    assert town.store.counts() == {}


def test_a_training_that_fails_changes_nothing_and_says_why(town):
    town.train(town.file("may.csv", WATER), quick=True)
    code, said = town.train(town.file("june.csv", [("broken 电梯坏了", "电梯故障")]), quick=True)
    assert code == 1
    assert "data.tsv:1: broken" in said
    assert town.store.counts() == {"may_csv": 10}


def test_at_most_twenty_wrong_rows_are_printed_and_all_written(town):
    _, said = town.train(
        town.file("may.csv", [*WATER, *((f"{at}坏了", "不明") for at in range(30))]), quick=True
    )
    assert said.count("may.csv, row") == 20
    assert "and 10 more" in said
    assert "30 rows: unknown category '不明'" in said
    assert len(town.store.wrong_rows.read_text("utf-8").splitlines()) == 30


def test_too_few_rows_are_taught_without_a_comparison(town):
    _, said = town.train(town.file("may.csv", WATER[:3]))
    assert "too few to compare" in said
    assert town.store.counts() == {"may_csv": 3}


@pytest.mark.parametrize(
    ("order", "said"),
    [
        ({"maps": ("a=b",)}, "is no category, intent or urgency of ours"),
        ({"asked": Asked(text="内容")}, "name it with --with"),
        ({"forget": True, "files": 1}, "without --with"),
        ({"files": 2}, "have the same name"),
        (
            {"files": 1, "asked": Asked(category="大类")},
            "no column '大类'; the columns there are: 内容, 类别",
        ),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_trained(town, order, said):
    files = [town.file("may.csv", WATER)] * order.pop("files", 0)
    code, told = town.train(*files, **order)
    assert code == 2
    assert said.lower() in told.lower()
    assert not (town.nlu / "asked").exists()


def test_a_file_without_a_good_row_changes_nothing(town):
    code, said = town.train(town.file("may.csv", [("坏了", "不明")]))
    assert code == 1
    assert "no row can be used" in said
    assert not (town.nlu / "asked").exists()


def test_two_trainings_on_one_home_do_not_run_at_once(town):
    with town.store.changing():
        code, said = town.train()
    assert code == 1
    assert "another `linli train` is at work" in said


def test_a_number_of_a_resident_reaches_no_file(town):
    town.train(
        town.file("may.csv", [("漏水，电话13812345678", "房屋漏水"), ("漏水", "13812345678")]), quick=True
    )
    kept = [path.read_text("utf-8") for path in town.settings.home.rglob("*") if path.is_file()]
    assert "漏水" in "".join(kept)
    assert "138" not in json.dumps(kept)
