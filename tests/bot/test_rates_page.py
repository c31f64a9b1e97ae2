"""The page of the rates: figures, periods, files, and who may see it."""

import csv
import io

import pytest
from openpyxl import load_workbook

from actions import facts as f
from tests.bot.rates_world import NOW, SECRET, live_through, settings
from tests.console_world import reported, tell, world

HTML = {"Accept": "text/html"}
WEEK = "from=2026-11-16&to=2026-11-22"


@pytest.fixture
async def here():
    async with world(settings()) as made:
        await live_through(made.state, NOW)
        await made.log_in()
        yield made


async def page(here, query: str = "") -> str:
    answer = await here.client.get(f"/console/rates{query}", headers=HTML)
    assert answer.status == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert "script" not in answer.headers["Content-Security-Policy"]
    return await answer.text()


async def test_the_page_shows_the_three_rates_of_this_week_and_all_divisions(here):
    text = await page(here)
    for words in ("响应率", "75.0%", "解决率", "50.0%", "满意率", "33.3%", "2026-11-16 – 11-22"):
        assert words in text
    for words in ("春风里一网格", "春风里物业", "街道市政所", "网格自办", "村/社区", "电梯故障", "保密件"):
        assert words in text
    assert "<script" not in text
    assert "style=" not in text


async def test_it_speaks_english_too_and_its_links_stay_in_it(here):
    text = await page(here, "?lang=en")
    assert "Response rate" in text
    assert "by=grid" in text
    assert "&amp;lang=en&amp;by=unit" in text


async def test_nothing_confidential_and_no_markup_of_others_is_on_it(here):
    await tell(
        here.state,
        reported(78, NOW, "<b>other</b>", "x", place="y", group="web:demo"),
        f.TicketFiled(at=NOW, ticket="T"),
    )
    text = await page(here)
    assert SECRET not in text
    assert "家庭" not in text
    assert "<b>other</b>" not in text
    assert "&lt;b&gt;other" in text


async def test_another_period_is_chosen_by_its_days(here):
    text = await page(here, "?from=2026-11-01&to=2026-11-15")
    assert "2026-11-01 – 11-15" in text
    assert "草坪" not in text
    assert "示范小区" in text
    assert "春风里一网格" not in text


@pytest.mark.parametrize(
    "query", ["?from=2026-11-22&to=2026-11-01", "?from=yesterday", "?to=9999-99-99", "?from=0001-01-01"]
)
async def test_what_is_no_period_says_so_and_shows_this_week(here, query):
    text = await page(here, query)
    assert "起止日期不对" in text
    assert "2026-11-16 – 11-22" in text


async def test_a_csv_of_what_is_shown(here):
    answer = await here.client.get(f"/console/rates.csv?{WEEK}&by=unit")
    assert (
        answer.headers["Content-Disposition"] == 'attachment; filename="linli-2026-11-16-2026-11-22-unit.csv"'
    )
    rows = list(csv.reader(io.StringIO((await answer.read()).decode("utf-8-sig"))))
    assert [row[0] for row in rows] == [
        "2026-11-16…2026-11-22",
        "街道市政所",
        "春风里物业",
        "网格自办",
        "合计",
    ]


async def test_an_xlsx_of_what_is_shown(here):
    answer = await here.client.get(f"/console/rates.xlsx?{WEEK}&by=level&lang=en")
    book = load_workbook(io.BytesIO(await answer.read()))
    assert book.sheetnames[0] == "By level"


@pytest.mark.parametrize("query", ["by=person", "from=yesterday"])
async def test_a_file_of_what_there_is_not_is_refused(here, query):
    for kind in ("csv", "xlsx"):
        assert (await here.client.get(f"/console/rates.{kind}?{query}")).status == 400


async def test_without_cases_there_are_no_rates():
    async with world(settings()) as here:
        await here.log_in()
        text = await page(here)
        assert text.count('<p class="percent">—</p>') == 3


async def test_only_who_is_logged_in_sees_it():
    async with world(settings()) as here:
        for path in ("rates", "rates.csv", "rates.xlsx"):
            assert (await here.client.get(f"/console/{path}")).status == 401


async def test_the_console_leads_to_it(here):
    answer = await here.client.get("/console?lang=en", headers=HTML)
    assert 'href="/console/rates?lang=en"' in await answer.text()
