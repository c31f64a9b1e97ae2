"""The console: what it shows of cases, queues and dead letters, and that nothing on it is markup or a secret."""

import asyncio
import json
import re
from datetime import timedelta

import pytest

from actions import facts as f
from actions.chronicle import Decree
from actions.ledger import DeadLetter, Entry
from actions.nodes import Light
from bot.board import Boards
from bot.grids import Grids
from bot.settings import load
from tests.console_world import FakePart, fill, reported, tell, world

HTML = {"Accept": "text/html"}
LETTER = re.compile(
    r'name="form_token" value="([^"]+)">\s*<input type="hidden" name="letter" value="([^"]+)"'
)


async def page(here, path="/console") -> str:
    answer = await here.client.get(path, headers=HTML)
    assert answer.status == 200
    assert answer.headers["Cache-Control"] == "no-store"
    return await answer.text()


@pytest.fixture
async def here():
    async with world(parts=[FakePart("redis"), FakePart("dispatch", ok=False, detail="503")]) as made:
        await fill(made)
        await made.log_in()
        yield made


async def test_a_case_is_shown_with_stage_place_category_group_and_ticket(here):
    text = await page(here)
    for words in ("电梯故障", "3号楼", "已上报", "春风里一网格", "DT-20261122-0031", "异议 × 1", "3小时"):
        assert words in text


async def test_what_needs_a_person_first_comes_first(here):
    board = await here.client.get("/console/board")
    found = re.findall(r'<tr class="(\w+)">', await board.text())
    assert found == ["green", "red", "red", "yellow", "yellow", "green"]
    assert (await page(here)).index("燃气") < (await page(here)).index("路面破损")


async def test_a_case_whose_clock_runs_shows_its_node_and_when_that_is_due(here):
    text = await page(here)
    assert re.search(r'<tr class="yellow">.*?网格员处置', text, re.DOTALL)
    assert re.search(r"11月\d+日周. \d\d:\d\d <small>单位受理", text)
    assert "红灯 (2)" in text


async def test_what_is_late_says_how_late_in_working_time(here):
    case = reported(9, here.clock.at - timedelta(days=5), "housing.leak", "漏水", place="1号楼", sure=False)
    turned = [f.LightTurned(at=here.clock.at, clock=0, light=light) for light in (Light.YELLOW, Light.RED)]
    await tell(here.state, case, *turned)
    for path in ("/console", "/console/case/telegram:-1001234567890:9"):
        assert "超时 " in await page(here, path)
    assert "of working time" in await page(here, "/console?lang=en")


async def test_a_worker_who_cannot_be_reached_is_on_the_board_and_in_the_story(here):
    case = reported(9, here.clock.at, "housing.leak", "漏水", place="1号楼", sure=False)
    lost = [f.Unreached(at=here.clock.at, to=f"telegram:{n}") for n in (7, 8)]
    await tell(here.state, case, *lost)
    text = await page(here)
    assert "私下联系不上网格员，按钮放回群里了" in text
    story = await page(here, "/console/case/telegram:-1001234567890:9")
    assert story.count("联系不上网格员或工作群") == 2
    assert "telegram:7" in story


async def test_a_settled_case_is_not_on_the_board(here):
    assert "树枝压到电线了" not in await page(here)


async def test_lights_say_which_part_is_not_well_and_why(here):
    text = await page(here)
    assert re.search(r'chip red" title="503"><i></i>dispatch', text)
    assert re.search(r'chip green" title=""><i></i>redis', text)


async def test_telephone_numbers_are_nowhere_on_the_console(here):
    for path in ("/console", "/console/case/telegram:-1001234567890:12"):
        assert "1234 5678" not in await page(here, path)


async def test_english_is_for_the_asking(here):
    text = await page(here, "/console?lang=en")
    assert "Live cases" in text
    assert "lift out of order" in text
    assert "/console/board?lang=en" in text


async def test_what_people_write_is_text_and_never_markup(here):
    evil = "<img src=x onerror=alert(1)>\"'{{7*7}}"
    case = reported(9, here.clock.at, "housing.leak", evil, place=evil, by_name=evil, group="web:evil")
    await tell(here.state, case)
    for path in ("/console", "/console/case/web:evil:9"):
        text = await page(here, path)
        assert "&lt;img src=x" in text
        assert "<img src=x" not in text
        assert "49" not in re.findall(r"alert\(1\)&gt;[^<]*", text)[0]


async def test_a_case_page_tells_everything_in_order_and_what_is_still_to_be_done(here):
    text = await page(here, "/console/case/telegram:-1001234567890:12")
    order = [
        "还要做的",
        "告知指挥中心",
        "全部经过",
        "王阿姨",
        "有人附议",
        "工单已建",
        "单位称已办完",
        "网格员确认",
        "居民有异议",
    ]
    places = [text.index(words) for words in order]
    assert places == sorted(places)
    assert "已更换门机，试运行正常" in text
    assert "等待后再看" not in text  # its waits are outdated: they will change nothing


async def test_a_case_that_is_not_there_is_not_found(here):
    assert (await here.client.get("/console/case/web:none:1", headers=HTML)).status == 404


async def test_a_dead_letter_is_put_back_once(here):
    token, letter = LETTER.findall(await page(here))[0]
    before = await here.state.depth()
    form = {"form_token": token, "letter": letter}
    first = await here.client.post("/console/replay", data=form, headers=HTML)
    assert "已放回" in await first.text()
    second = await here.client.post("/console/replay", data=form, headers=HTML)
    assert "已经不在了" in await second.text()
    after = await here.state.depth()
    assert (after["dead"], after["inbox"]) == (before["dead"] - 1, before["inbox"] + 1)


async def test_no_other_site_can_put_a_letter_back(here):
    _, letter = LETTER.findall(await page(here))[0]
    for form in ({"letter": letter}, {"letter": letter, "form_token": "x"}):
        assert (await here.client.post("/console/replay", data=form)).status == 403
    assert (await here.state.depth())["dead"] == 1


async def test_the_reason_of_a_dead_letter_is_masked(here):
    at = here.clock.at
    entry = Entry("9", 0, "web:a", "web", "u9", "{}", at)
    letter = DeadLetter("d9", "web:a", "web update", "no such person: 13812345678", at, "{}")
    await here.state.bury(letter, entry=entry)
    text = await page(here)
    assert "no such person: ***" in text
    assert "13812345678" not in text


async def test_the_feed_gives_what_was_and_what_comes_and_ends_with_the_server(here):
    here.ring.add({"event": "before", "name": "\ud83d"})
    answer = await here.client.get("/console/events")
    assert answer.content_type == "text/event-stream"
    async with asyncio.timeout(5):
        assert await frame(answer) == {"event": "before", "name": "\ud83d", "n": 1}
        here.ring.add({"event": "after"})
        assert (await frame(answer))["event"] == "after"
        here.ring.stop()
        assert (await answer.content.read()).strip() == b""


async def test_a_feed_taken_up_again_goes_on_where_it_was(here):
    for n in range(3):
        here.ring.add({"event": str(n)})
    answer = await here.client.get("/console/events", headers={"Last-Event-ID": "2"})
    async with asyncio.timeout(5):
        assert (await frame(answer))["event"] == "2"
    answer.close()


async def frame(answer) -> dict:
    while True:
        line = await answer.content.readline()
        if line.startswith(b"data: "):
            return json.loads(line[6:])


async def test_many_lookers_cost_one_look(here):
    looks: list[int] = []
    boards = Boards(here.state, [Counting(looks)], here.clock, Grids(load({})))
    boards_seen = await asyncio.gather(*(boards.board() for _ in range(20)))
    assert looks == [1]
    assert all(board is boards_seen[0] for board in boards_seen)


class Counting:
    name = "counting"

    def __init__(self, looks: list[int]) -> None:
        self._part, self._looks = FakePart("x"), looks

    async def health(self):
        self._looks.append(1)
        return await self._part.health()


async def test_what_nobody_is_sure_of_has_a_list_of_its_own(here):
    doubt = reported(90, here.clock.at, "housing.elevator", "好像有点晃，打13800138000", doubtful=True)
    await tell(here.state, doubt)
    text = await page(here)
    cases, _, unsure = text.partition('class="panel unsure"')
    assert "好像有点晃" in unsure
    assert "好像有点晃" not in cases
    assert "13800138000" not in text
    assert "好像有点晃" in await page(here, "/console/case/telegram:-1001234567890:90")


async def test_what_nobody_is_sure_of_is_in_no_figure(here):
    async def looked():
        return await Boards(here.state, [], here.clock, Grids(load({}))).board()

    before = await looked()
    doubt = reported(90, here.clock.at, "housing.elevator", "好像有点晃", doubtful=True)
    await tell(here.state, doubt)
    after = await looked()
    assert (after.live, after.today, len(after.rows)) == (before.live, before.today, len(before.rows))
    assert (before.doubts, after.doubts, [row.case.number for row in after.unsure]) == (0, 1, [90])
    forgotten = f.TimeRanOut(at=here.clock.at, timer=after.unsure[0].case.timer)
    await tell(here.state, forgotten, case=after.unsure[0].case)
    assert (await looked()).doubts == 0


async def test_what_was_put_in_force_is_shown_newest_first_and_as_text(here):
    for n in range(25):
        lines = (f"grid <b>g{n}</b>: worker telegram:43 added", *(f"line {line}" for line in range(11)))
        await here.state.chronicle(Decree(here.clock.at, "hierarchy", f"v{n}", "hierarchy.csv", lines))
    text = await page(here)
    assert "层级与规则" in text
    assert "grid &lt;b&gt;g24&lt;/b&gt;: worker telegram:43 added" in text
    assert "还有 2 条" in text
    assert re.findall(r"<code>(v\d+)</code>", text) == [f"v{n}" for n in range(24, 4, -1)]
