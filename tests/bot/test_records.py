"""A city's records: any table is read or refused with words, and every row is used or named with its reason."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from actions.errors import Refused
from bot.categories import codes_by_name
from bot.home import Home
from bot.record_store import RecordStore, name_of, without, write
from bot.records import (
    LONGEST,
    MOST_HELD,
    Asked,
    Checked,
    Checker,
    Record,
    cleaned,
    codes_of,
    columns_of,
    same,
    sampled,
    split,
    strangers,
)
from bot.table import BadTable, Row, read

HEADER = ("诉求内容", "类别")


def checked(rows: list[Row], asked: Asked | None = None, taken: dict[str, str] | None = None) -> Checked:
    stated = asked or Asked()
    columns = columns_of("a.csv", rows, stated)
    return Checker("a.csv", columns, stated, lambda letters: (taken or {}).get(letters, "")).check(rows)


def why(rows: list[Row], asked: Asked | None = None, taken: dict[str, str] | None = None) -> list[str]:
    return [str(one) for one in checked(rows, asked, taken).wrong]


def written(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


# --- tables ---


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_csv_is_read_in_every_usual_encoding_and_delimiter(tmp_path, encoding, delimiter):
    file = io.StringIO()
    rows = [("诉求内容", "类别"), ("电梯坏了, 三天;没修", "电梯故障"), ("路灯\n不亮", "路灯不亮")]
    csv.writer(file, delimiter=delimiter).writerows(rows)
    assert read(written(tmp_path / "a.csv", file.getvalue(), encoding)) == rows


def test_rows_of_a_csv_are_numbered_as_the_spreadsheet_shows_them(tmp_path):
    rows = read(written(tmp_path / "a.csv", '内容,类别\n\n"两\n行",无\n停水,停水\n'))
    assert why(rows) == ["a.csv, row 3: unknown category '无'"]


def xlsx(path: Path, rows: list[list[object]]) -> Path:
    book = Workbook()
    for at, row in enumerate(rows, 1):
        for column, value in enumerate(row, 1):
            book.worksheets[0].cell(at, column, value)
    book.save(path)
    return path


def test_an_xlsx_with_a_title_and_empty_rows_keeps_its_row_numbers(tmp_path):
    rows = read(
        xlsx(
            tmp_path / "a.xlsx",
            [
                ["热线工单"],
                [],
                ["编号", "诉求内容", "类别"],
                [1, "三号楼电梯坏了", "housing.elevator"],
                [],
                [2.0, "路灯不亮", 412],
            ],
        )
    )
    assert rows[5] == ("2", "路灯不亮", "412")
    assert [record.category for record in checked(rows).good] == ["housing.elevator"]
    assert why(rows) == ["a.csv, row 6: unknown category '412'"]


def test_what_is_no_table_is_refused_with_the_files_name(tmp_path):
    for name, content in {
        "empty.csv": b"",
        "blank.csv": b"\n,,\n",
        "picture.csv": b"\x89PNG\xff\xfe\x00\x80",
        "old.xls": b"\xd0\xcf\x11\xe0 and so on",
        "broken.xlsx": b"PK\x03\x04 and so on",
        "endless.csv": b'text,category\n"' + b"a" * 200_000,
    }.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(BadTable, match=name):
            read(tmp_path / name)
    with pytest.raises(BadTable, match=r"missing\.csv: No such file"):
        read(tmp_path / "missing.csv")


@given(content=st.binary(max_size=300))
def test_any_bytes_are_a_table_or_refused(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(content)
    said = "any.csv"
    try:
        checked(read(path))
    except BadTable as refused:
        said = str(refused)
    assert ".csv" in said


# --- columns ---


@pytest.mark.parametrize(
    ("text", "category"), [("内容", "分类"), ("Description", "Service Name"), ("TEXT", "category")]
)
def test_common_names_of_columns_are_recognised_and_told(text, category):
    columns = columns_of("a.csv", [("id", text, category)], Asked())
    assert str(columns) == f"text from {text!r}, category from {category!r}"


def test_a_column_that_is_not_there_is_told_with_those_that_are():
    with pytest.raises(BadTable, match="no column '紧急'; the columns there are: 诉求内容, 类别"):
        columns_of("a.csv", [HEADER], Asked(urgency="紧急"))
    with pytest.raises(
        BadTable, match=r"which column holds the text.* --text; the columns there are: 甲, 乙"
    ):
        columns_of("a.csv", [("甲", "乙")], Asked())


def test_a_column_of_intents_counts_only_when_it_is_named():
    rows = [("text", "category", "intent"), ("good morning all", "", "chatter")]
    assert why(rows) == ["a.csv, row 2: no category"]
    assert checked(rows, Asked(intent="intent")).good == [Record("good morning all", "chatter", "", "")]


# --- rows ---


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("housing.elevator", "housing.elevator"),
        ("电梯故障", "housing.elevator"),
        ("Lift out of  order", "housing.elevator"),
        ("停水", "utilities.water"),
        ("其他", "other.other"),
    ],
)
def test_a_category_is_a_code_or_a_name_of_ours(said, code):
    assert checked([HEADER, ("坏了很久", said)]).good == [Record("坏了很久", "report", code, "normal")]


def test_every_code_and_every_full_name_means_its_category():
    names = codes_by_name()
    assert all(names[code] == code for code in set(names.values()))


def test_a_map_says_what_their_values_mean_in_every_column():
    means = codes_of(["0412 = housing.elevator", "特提=emergency", "a=b=电梯故障"])
    asked = Asked(urgency="级别", means=means)
    rows = [(*HEADER, "级别"), ("电梯里困了人", "0412", "特提"), ("电梯坏了", "A=B", "")]
    assert checked(rows, asked).good == [
        Record("电梯里困了人", "report", "housing.elevator", "emergency"),
        Record("电梯坏了", "report", "housing.elevator", "normal"),
    ]
    assert why([HEADER, ("停水了吗", "特提")], Asked(means=means)) == [
        "a.csv, row 2: unknown category '特提'"
    ]


@pytest.mark.parametrize("one", ["", "=", "x", "=housing.elevator", "x=housing.lift", "x="])
def test_a_map_to_nothing_of_ours_is_refused(one):
    with pytest.raises(ValueError, match="--map"):
        codes_of([one])


def test_every_wrong_row_is_named_with_its_reason_and_the_rest_used():
    rows = [
        (*HEADER, "紧急程度"),
        ("路灯不亮", "路灯不亮", "一般"),
        ("", "路灯不亮", ""),
        ("……！", "路灯不亮", ""),
        ("停水了", "水", ""),
        ("停电了", "停电", "马上"),
        ("路灯，不亮！", "路灯不亮", ""),
        ("长" * (LONGEST + 1), "停电", ""),
        ("没有类别", "", ""),
        ("短行",),
        (),
    ]
    assert why(rows) == [
        "a.csv, row 3: no text",
        "a.csv, row 4: no text",
        "a.csv, row 5: unknown category '水'",
        "a.csv, row 6: unknown urgency '马上'",
        "a.csv, row 7: the same text as row 2",
        "a.csv, row 8: too long: 4097 letters, 4096 at most",
        "a.csv, row 9: no category",
        "a.csv, row 10: no category",
    ]
    assert [record.text for record in checked(rows).good] == ["路灯不亮"]


def test_a_text_that_another_file_taught_is_left_out():
    rows = [HEADER, ("路灯，不亮", "路灯不亮")]
    assert why(rows, taken={"路灯不亮": "may_csv"}) == ["a.csv, row 2: the same text is in may_csv already"]


def test_numbers_of_people_are_masked_in_texts_and_in_reasons():
    rows = [HEADER, ("漏水，电话13812345678", "房屋漏水"), ("漏水很久", "13812345678")]
    found = checked(rows)
    assert [record.text for record in found.good] == ["漏水，电话***"]
    assert "138" not in str(found.wrong[0])


def test_text_becomes_one_line_without_braces():
    assert cleaned(" 三号楼\r\n{东门}\t坏了\x00\u2028 \ud800 ") == "三号楼 (东门) 坏了 ?"


def test_the_values_that_mean_nothing_are_counted():
    found = checked([HEADER, ("一号", "甲"), ("二号", "乙"), ("三号", "乙"), ("", "乙")])
    assert list(strangers(found.wrong)) == [("unknown category '乙'", 2), ("unknown category '甲'", 1)]


_CELL = st.text(max_size=20) | st.sampled_from(
    ["诉求内容", "类别", "停水", "housing.elevator", "report", "{", "\t"]
)


@given(rows=st.lists(st.lists(_CELL, max_size=5).map(tuple), max_size=20))
def test_of_any_table_every_row_is_used_or_named(rows):
    try:
        columns = columns_of("a.csv", rows, Asked())
    except BadTable:
        return
    found = Checker("a.csv", columns, Asked()).check(rows)
    below = [row for row in rows[columns.header :] if row]
    assert len(found.good) + len(found.wrong) == len(below)
    assert len({same(record.text) for record in found.good}) == len(found.good)
    for record in found.good:
        assert not set("{}\t\n\r") & set(record.text)
        assert "\n".join(record.text.splitlines()) == record.text


# --- choosing ---


def many(number: int, category: str = "utilities.water") -> list[Record]:
    return [Record(f"{category} {at} 停水", "report", category, "normal") for at in range(number)]


def test_a_fifth_is_held_out_and_always_the_same_one():
    held, rest = split(many(50))
    assert (len(held), len(rest)) == (10, 40)
    assert split(many(50)[::-1]) == (held, rest)
    assert set(held) | set(rest) == set(many(50))
    assert len(split(many(5000))[0]) == MOST_HELD
    assert split(many(4))[0] == []


def test_of_too_many_rows_the_rare_categories_are_used_whole():
    used = sampled(many(100) + many(7, "safety.fire"), 20)
    assert len(used) == 20
    assert sum(record.category == "safety.fire" for record in used) == 7
    assert sampled(many(20), 20) == many(20)


# --- the store ---


@pytest.fixture
def store(tmp_path):
    return RecordStore(Home(tmp_path / "home"))


def test_records_are_kept_by_language_in_the_format_of_the_examples(tmp_path):
    rows = [Record("停水了", "report", "utilities.water", "urgent"), Record("hello", "chatter", "", "")]
    write(tmp_path, "a_csv", rows)
    head = "intent\tcategory\turgency\ttext\n"
    assert (tmp_path / "zh" / "a_csv.tsv").read_text(
        "utf-8"
    ) == head + "report\tutilities.water\turgent\t停水了\n"
    assert (tmp_path / "en" / "a_csv.tsv").read_text("utf-8") == head + "chatter\t\t\thello\n"


def test_a_file_of_the_same_name_takes_the_place_of_the_one_before(store):
    for number in (3, 2):
        with store.changing():
            store.put(store.draft("all", {name_of(Path("x/hot line.csv")): many(number)}))
    assert store.counts() == {"hot_line_csv": 2}
    assert store.texts(but=[]) == {same(record.text): "hot_line_csv" for record in many(2)}
    assert store.texts(but=["hot_line_csv"]) == {}
    assert not store.training.exists()


def test_a_draft_that_is_not_put_changes_nothing(store):
    with store.changing():
        store.put(store.draft("all", {"a_csv": many(3)}))
    with store.changing():
        store.draft("all", {"a_csv": [], "b_csv": many(2)})
    assert store.counts() == {"a_csv": 3}


def test_a_change_that_fails_is_refused_and_leaves_nothing_behind(store):
    with pytest.raises(Refused, match="training/none"), store.changing():
        store.put(store.training / "none")
    assert not store.training.exists()


def test_a_change_that_was_cut_off_between_two_moves_is_undone(store):
    with store.changing():
        store.put(store.draft("all", {"a_csv": many(3)}))
    store.training.mkdir()
    store.folder.rename(store.training / "old")
    with store.changing():
        assert store.counts() == {"a_csv": 3}


def test_what_is_held_out_is_taken_out_of_every_file(tmp_path):
    held, rest = split(many(10))
    write(tmp_path, "a_csv", many(10))
    without(tmp_path, held)
    lines = (tmp_path / "zh" / "a_csv.tsv").read_text("utf-8").splitlines()
    assert len(lines) == 9
    assert {line.rpartition("\t")[2] for line in lines[1:]} == {record.text for record in rest}


def test_forgetting_drops_everything(store):
    with store.changing():
        store.put(store.draft("all", {"a_csv": many(3)}))
        assert store.forget() == 3
    assert store.counts() == {}
