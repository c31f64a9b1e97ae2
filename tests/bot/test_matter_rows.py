"""A city's own list: any table is read or refused with words, every fault has its place and its remedy."""

import csv
import time
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from actions.assignment import Secrecy
from actions.levels import Level
from bot.matter_list import read_matters
from bot.matter_rows import COLUMNS, check, written
from bot.table import BadTable

HEADER = tuple(COLUMNS)
GOOD = {
    "code": "traffic.streetlight.out",
    "name_zh": "路灯不亮",
    "name_en": "lamp out",
    "category": "traffic.streetlight",
    "lead": "市政养护",
    "assisting": "供电企业;城市管理",
    "level": "street",
    "respond": "4wh",
    "resolve": "3wd",
    "confidentiality": "0",
    "basis": "《城市道路管理条例》;《城市照明管理规定》",
    "from": "2026-01-01",
    "until": "",
    "synonyms": "路灯坏了;灯不亮",
}


def row(**cells):
    return tuple((GOOD | cells)[column] for column in HEADER)


def checked(*rows, units=None):
    return check("a.csv", [HEADER, *rows], units)


def faults(*rows, units=None):
    return [str(fault) for fault in checked(*rows, units=units).faults]


def test_a_good_row_is_a_matter():
    (one,) = checked(row()).matters
    assert (one.code, one.lead, one.assisting) == (
        "traffic.streetlight.out",
        "市政养护",
        ("供电企业", "城市管理"),
    )
    assert (str(one.respond), str(one.resolve), one.level) == ("4wh", "3wd", Level.STREET)
    assert one.basis == ("《城市道路管理条例》", "《城市照明管理规定》")
    assert one.synonyms == ("路灯坏了", "灯不亮")


@pytest.mark.parametrize(
    ("cells", "column", "says"),
    [
        ({"category": "no.such"}, "category", "no category"),
        ({"level": "省"}, "level", "write community 社区"),
        ({"respond": "soon"}, "respond", "write 30m"),
        ({"resolve": "0d"}, "resolve", "write 30m"),
        ({"resolve": ""}, "resolve", "fill it in"),
        ({"from": "2026-02-30"}, "from", "such as 2026-01-01"),
        ({"until": "next year"}, "until", "such as 2026-01-01"),
        ({"until": "2025-12-31"}, "until", "is before 2026-01-01"),
        ({"confidentiality": "3"}, "confidentiality", "write 0 公开"),
        ({"name_zh": ""}, "name_zh", "fill it in"),
        ({"name_zh": "路" * 61}, "name_zh", "60 at most"),
        ({"name_zh": "路\x07灯"}, "name_zh", "control character"),
        ({"name_zh": '=HYPERLINK("http://x")'}, "name_zh", "a formula"),
        ({"synonyms": "@SUM(A1)"}, "synonyms", "a formula"),
        ({"code": "housing.elevator.out"}, "code", "write traffic.streetlight."),
        ({"code": "traffic.streetlight.Out!"}, "code", "a-z, 0-9 and _"),
        ({"code": ""}, "code", "fill it in"),
        ({"lead": ""}, "lead", "fill it in"),
        ({"lead": " ; "}, "lead", "names no unit"),
    ],
)
def test_a_fault_is_named_with_its_row_its_column_and_what_to_do(cells, column, says):
    (fault,) = faults(row(**cells))
    assert fault.startswith(f"a.csv, row 2, {column}: ")
    assert says in fault


def test_every_fault_of_every_row_is_told():
    found = faults(row(level="省", respond="soon"), row(code="traffic.streetlight.b"), row(category="x"))
    assert [fault.partition(":")[0] for fault in found] == [
        "a.csv, row 2, level",
        "a.csv, row 2, respond",
        "a.csv, row 4, category",
    ]


def test_chinese_titles_and_values_are_understood():
    titles = (
        "事项编码",
        "事项名称",
        "类别",
        "责任单位",
        "层级",
        "响应时限",
        "办结时限",
        "保密级别",
        "生效日期",
        "俗称",
    )
    cells = (
        "traffic.streetlight.out",
        "路灯不亮",
        "路灯不亮",
        "市政养护",
        "街道（乡镇）",
        "2小时",
        "3个工作日",
        "内部",
        "2026年1月1日",
        "灯瞎了、没灯",
    )
    (one,) = check("a.csv", [("某市责任清单",), (), titles, cells]).matters
    assert (one.category, one.level, one.secrecy) == ("traffic.streetlight", Level.STREET, Secrecy.INTERNAL)
    assert (str(one.respond), str(one.resolve), one.synonyms) == ("2h", "3wd", ("灯瞎了", "没灯"))


def test_a_table_without_the_needed_columns_says_which():
    with pytest.raises(BadTable, match=r"row 1: add the column .*level"):
        check("a.csv", [("code", "name_zh", "category", "lead", "respond", "resolve", "from")])
    with pytest.raises(BadTable, match="no row of titles"):
        check("a.csv", [("a", "b"), ("1", "2")])
    with pytest.raises(BadTable, match="two columns are"):
        check("a.csv", [(*HEADER, "责任单位")])


def test_a_code_that_stands_twice_with_the_same_unit_is_a_fault():
    assert faults(row(), row()) == [
        "a.csv, row 3, code: traffic.streetlight.out stands in row 2 already: leave one"
    ]


def test_a_code_with_two_units_is_held_back_and_the_others_are_adopted():
    found = checked(row(), row(lead="供电企业"), row(code="traffic.streetlight.pole"))
    assert [one.code for one in found.matters] == ["traffic.streetlight.pole"]
    assert [(one.code, one.units) for one in found.held] == [
        ("traffic.streetlight.out", ("市政养护", "供电企业"))
    ]
    assert found.faults == ()


@pytest.mark.parametrize("sign", [";", "；", "、", "/", "／"])
def test_a_cell_that_names_two_units_is_contested_too(sign):
    found = checked(row(lead=f"市政养护{sign}供电企业"))
    assert found.matters == ()
    assert found.held[0].units == ("市政养护", "供电企业")


def test_the_unit_that_leads_does_not_assist_itself():
    (one,) = checked(row(lead="供电企业")).matters
    assert one.assisting == ("城市管理",)


def test_a_unit_is_a_fault_only_where_the_hierarchy_names_units():
    (fault,) = faults(row(), units=frozenset({"市政养护所"}))
    assert fault == "a.csv, row 2, lead: there is no unit '市政养护' in the hierarchy; is it 市政养护所?"
    assert faults(row()) == []


def test_an_xlsx_is_read_with_its_dates_and_numbers(tmp_path):
    book = Workbook()
    book.worksheets[0].append(HEADER)
    book.worksheets[0].append([*row(**{"confidentiality": 2, "from": date(2026, 1, 1)})])
    book.save(tmp_path / "a.xlsx")
    (one,) = read_matters(tmp_path / "a.xlsx").matters
    assert (one.secrecy, one.begins.isoformat()) == (Secrecy.CONFIDENTIAL, "2026-01-01")


def test_a_formula_in_an_xlsx_is_a_fault_and_not_its_last_value(tmp_path):
    book = Workbook()
    book.worksheets[0].append(HEADER)
    book.worksheets[0].append([*row(lead="=B1")])
    book.save(tmp_path / "a.xlsx")
    (fault,) = read_matters(tmp_path / "a.xlsx").faults
    assert str(fault) == "a.xlsx, row 2, lead: a formula: put in the value that it gives"


def test_what_is_written_is_read_again_as_the_same():
    found = checked(row(until="2027-12-31"), row(code="traffic.streetlight.b", name_zh='引号"、逗号,'))
    lines = [tuple(cells) for cells in csv.reader(written(found.matters).splitlines())]
    assert check("b.csv", lines).matters == found.matters


def test_a_list_of_thousands_of_rows_takes_seconds():
    began = time.monotonic()
    found = checked(*(row(code=f"traffic.streetlight.m{n}") for n in range(5000)))
    assert len(found.matters) == 5000
    assert time.monotonic() - began < 10


@given(st.lists(st.lists(st.text(max_size=12), min_size=14, max_size=14).map(tuple), max_size=5))
def test_whatever_stands_in_a_row_it_is_adopted_held_or_a_fault(rows):
    found = checked(*rows)
    filled = sum(1 for one in rows if any(one))
    assert len(found.matters) + len(found.held) <= filled
    assert filled == 0 or found.faults or found.matters or found.held


def test_a_unit_that_is_missing_is_told_once_so_that_other_faults_are_seen():
    rows = [row(code=f"traffic.streetlight.n{n}", lead="公安" if n % 2 else "环卫") for n in range(9)]
    rows[4] = row(code="traffic.streetlight.n4", lead="环卫", level="省")
    told = faults(*rows, units=frozenset({"市政养护"}))
    assert len(told) == 3
    assert told[0] == "a.csv, row 2, lead: there is no unit '环卫' in the hierarchy (and in 4 more rows)"
    assert told[1] == "a.csv, row 3, lead: there is no unit '公安' in the hierarchy (and in 3 more rows)"
    assert told[2].startswith("a.csv, row 6, level: '省'")
