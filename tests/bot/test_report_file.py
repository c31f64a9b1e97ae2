"""The report as CSV and XLSX, opened again: the figures are there, and nothing in it is a formula."""

import csv
import io
from zoneinfo import ZoneInfo

import pytest
from openpyxl import load_workbook

from actions.period import named
from actions.rates import By
from bot.grids import Grids
from bot.report_file import as_csv, as_xlsx
from bot.report_table import Words
from bot.reports import Reports
from bot.roles import name_of_unit
from connectors.memory_state import MemoryState
from tests.bot.rates_world import NOW, SECRET, live_through, settings

EVIL = '=HYPERLINK("http://evil","望江")'


@pytest.fixture
async def report():
    state = MemoryState()
    await live_through(state)
    return await Reports(state, Grids(settings())).report(named("week", NOW, ZoneInfo("Asia/Shanghai")))


NAMES = {"spring": "春风里一网格", "river": EVIL, "web:demo": "示范小区"}


def read_csv(content: bytes) -> list[dict[str, str]]:
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def test_a_csv_has_a_line_for_each_grid_and_one_for_all(report):
    rows = read_csv(as_csv(report, By.GRID, Words("zh_CN"), NAMES))
    by_name = {row["2026-11-16…2026-11-22"]: row for row in rows}
    assert list(by_name) == [f"'{EVIL}", "春风里一网格", "示范小区", "合计"]
    spring, whole = by_name["春风里一网格"], by_name["合计"]
    assert (spring["响应率"], spring["按时响应"], spring["应响应"]) == ("100%", "3", "3")
    assert (whole["响应率"], whole["解决率"], whole["满意率"]) == ("75.0%", "50.0%", "33.3%")
    assert (whole["新增"], whole["退单"], whole["退单: 按理由"]) == ("5", "1", "不属本单位职责 1")
    assert whole["红灯: 按环节"] == "单位受理 1"


def test_where_there_is_no_rate_the_cell_is_empty(report):
    rows = read_csv(as_csv(report, By.GRID, Words("en"), NAMES))
    assert rows[-1]["Satisfaction rate"] == "33.3%"
    assert {row["Satisfaction rate"] for row in rows} == {"33.3%", ""}


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t'=1"),
        ("\r=1", "'\r'=1"),
        ("＝1", "'＝1"),
        ("  =1", "'  =1"),
        ("\u200b=1", "'\u200b=1"),
        ("春风里;=1+1", "春风里;'=1+1"),
        ('a"\n=HYPERLINK("http://x")', 'a"\n\'=HYPERLINK("http://x")'),
        ("3-2-501, 一网格", "3-2-501, 一网格"),
    ],
)
def test_a_name_is_never_a_formula_however_a_spreadsheet_cuts_the_file(report, name, cell):
    names = {**NAMES, "spring": name}
    written = as_csv(report, By.GRID, Words("en"), names).decode("utf-8-sig")
    assert cell in [one for row in csv.reader(io.StringIO(written, newline="")) for one in row]
    book = load_workbook(io.BytesIO(as_xlsx(report, By.GRID, Words("en"), names)))
    types = {one.data_type for sheet in book for row in sheet.iter_rows() for one in row}
    assert types <= {"s", "inlineStr", "n"}


def test_an_xlsx_has_a_sheet_for_each_division_the_one_asked_for_first(report):
    book = load_workbook(io.BytesIO(as_xlsx(report, By.UNIT, Words("zh_CN"), NAMES)))
    assert book.sheetnames == ["按单位", "按网格", "按层级", "按类别"]
    rows = list(book["按单位"].iter_rows())
    assert [row[0].value for row in rows][1:] == ["街道市政所", "春风里物业", "网格自办", "合计"]
    response = rows[-1][1]
    assert (response.value, response.number_format) == (0.75, "0.0%")
    assert (rows[-1][2].value, rows[-1][3].value) == (3, 4)


def test_nothing_confidential_is_in_a_file(report):
    book = load_workbook(io.BytesIO(as_xlsx(report, By.CATEGORY, Words("zh_CN"), NAMES)))
    text = " ".join(str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row)
    assert SECRET not in text
    assert "家庭" not in text
    assert "保密件" in text


def test_words_that_no_file_can_hold_are_left_out(report):
    names = {**NAMES, "spring": "春\x00风\ud83c"}
    book = load_workbook(io.BytesIO(as_xlsx(report, By.GRID, Words("en"), names)))
    assert "春风?" in [row[0].value for row in book.worksheets[0].iter_rows()]
    assert as_csv(report, By.GRID, Words("en"), names)


def test_a_unit_of_the_list_that_ships_has_its_english_name_in_english(report):
    row = report.rows[By.UNIT].pop("街道市政所")
    report.rows[By.UNIT]["市政养护"] = row
    names = {
        lang: [line.name for line in Words(lang).lines(report, By.UNIT, NAMES)] for lang in ("zh_CN", "en")
    }
    assert names["zh_CN"][0] == "市政养护"
    assert names["en"][0] == name_of_unit("市政养护", "en") != "市政养护"
