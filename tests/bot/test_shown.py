"""What each audience really gets of a case holds what the table allows it, and nothing else."""

from dataclasses import replace
from datetime import timedelta

import pytest

from actions import facts as f
from actions import orders as o
from actions.assignment import Assignment, Secrecy
from actions.case import Case, Stage
from actions.confidentiality import Audience, Field, sees
from actions.corrections import Step
from actions.ledger import Due
from actions.levels import Level
from actions.message import Attachment, Kind, Point
from actions.nodes import Light, Node
from actions.orders import News, Sentence
from actions.standing import Standing
from bot.buttons import Buttons
from bot.cards import Writer
from bot.categories import name_of
from bot.dispatching import Dispatching
from bot.menus import Joined, Menu
from bot.questions import question
from tests.console_world import reported, tell, world
from tests.town import MORNING, Town

GROUP, WRITER = "telegram:-1001234567890", Writer("zh_CN")
SIGNS = {
    Field.NUMBER: ("#4711", ":4711"),
    Field.CATEGORY: ("生活噪", "environment.noise_social"),
    Field.STAGE: ("退回", "returned", "received", "Sent back"),
    Field.PLACE: ("33栋",),
    Field.FLAT: ("2单元508",),
    Field.POINT: ("31.4159", "31.4"),
    Field.WORDS: ("拖椅子", "剁馅"),
    Field.NAME: ("钱阿姨", "赵叔"),
    Field.EVIDENCE: ("1 个", "/evidence/", "附件"),
    Field.NOTE: ("已约谈马某",),
    Field.UNIT: ("春风居委会",),
    Field.HANDLER: ("孟姐",),
    Field.MARKS: ("★",),
    Field.PEOPLE: ("7 人", "6 人"),
}
"""By what a field is known in an output; no sign occurs in anything else that is said."""


def case(secrecy: Secrecy, **more: object) -> Case:
    said = Assignment(
        matter="environment.noise_social.neighbour",
        list_version="1",
        level=Level.COMMUNITY,
        unit="春风居委会",
        secrecy=secrecy,
    )
    known = Case(
        id=f"{GROUP}:4711",
        number=4711,
        group=GROUP,
        opened_at=MORNING,
        changed_at=MORNING,
        category="environment.noise_social",
        text="楼上半夜拖椅子",
        reporter="telegram:42",
        reporter_name="钱阿姨",
        stage=Stage.RETURNED,
        version=9,
        place="幸福小区33栋2单元508",
        point=Point(31.4159, 121.59),
        followers=tuple(f"telegram:{n}" for n in range(6)),
        attachments=(Attachment(Kind.PHOTO, "photo-1", "image/jpeg"),),
        handler="telegram:7",
        handler_name="孟姐",
        ticket="1",
        note="已约谈马某",
        scores=(("telegram:42", 2),),
        assignment=said,
        private=secrecy is Secrecy.CONFIDENTIAL,
        confided="telegram:42" if secrecy is Secrecy.CONFIDENTIAL else "",
    )
    return replace(known, **more)


def found(*texts: object) -> set[Field]:
    """The fields of which there is a sign."""
    told = "\n".join(map(str, texts))
    return {field for field, signs in SIGNS.items() if any(sign in told for sign in signs)}


def allowed(audience: Audience, secrecy: Secrecy) -> set[Field]:
    return {field for field in Field if sees(audience, field, secrecy)}


def said(one: Case, writer: Writer) -> list[str]:
    """All that is ever said of a case, in every stage in which something is."""
    stages = [replace(one, stage=stage) for stage in Stage if stage is not Stage.NEW]
    orders = [o.AskWorker(), o.AskIfFixed(), o.AskSatisfaction()]
    orders += [o.Say(sentence=sentence, note=one.note) for sentence in Sentence]
    texts = [question(order, each, writer)[1] for order in orders for each in stages]
    for each in stages:
        texts += [writer.card(each), writer.line(each), writer.story(each), writer.doubt(each)]
    other, joined = replace(one, id=f"{one.group}:1", number=1), (Joined("m", "赵叔", "还剁馅"),)
    menu = Menu(other, Buttons("secret"), writer, [one], joined)
    pages = [menu.page(step) for step in (Step.MENU, Step.MERGE, Step.SPLIT)]
    return [*texts, *(button.label for page in pages for row in page for button in row)]


@pytest.mark.parametrize("secrecy", [Secrecy.OPEN, Secrecy.INTERNAL])
def test_the_group_reads_what_the_table_allows(secrecy):
    one = case(secrecy)
    answered = WRITER.answered(one, "赵叔", "解决了"), WRITER.answered(one, "孟姐", "确认", by=Field.HANDLER)
    texts = [*said(one, WRITER), *answered, WRITER.missed([one]), WRITER.alarm(one, calls_workers=True)]
    assert found(*texts) == allowed(Audience.GROUP, secrecy)


def test_of_a_confidential_case_there_are_no_words_for_the_group():
    one = case(Secrecy.CONFIDENTIAL)
    assert found(*said(one, WRITER), WRITER.invitation(link=True)) == set()
    assert found(WRITER.missed([one, case(Secrecy.OPEN, number=5, text="", place="")])) >= {Field.UNIT}


def test_the_group_reads_one_line_of_an_internal_matter_without_flat_or_words():
    one = case(Secrecy.INTERNAL)
    what = f"#4711 {name_of(one.category, 'zh_CN')}"
    assert WRITER.title(one) == f"{what} · 幸福小区33栋"
    assert WRITER.title(replace(one, place="钱阿姨家")) == what
    assert "不在群里公开" in WRITER.card(one)


@pytest.mark.parametrize("secrecy", Secrecy)
async def test_staff_see_everything_in_private_and_on_the_console(secrecy):
    one = case(secrecy)
    texts = [*said(one, WRITER.to(Audience.STAFF)), WRITER.desk(one, "第一网格", ["还剁馅"])]
    assert found(*texts) == allowed(Audience.STAFF, secrecy) - {Field.POINT}
    async with world() as here:
        await here.log_in()
        told = reported(
            4711,
            here.clock.at,
            "environment.noise_social",
            one.text,
            place=one.place,
            point=one.point,
            by_name="钱阿姨",
            assignment=one.assignment,
            private=one.private,
        )
        await tell(here.state, told)
        answer = await here.client.get(f"/console/case/{GROUP}:4711", headers={"Accept": "text/html"})
        page = await answer.text()
    assert {Field.POINT, Field.FLAT, Field.WORDS, Field.NAME, Field.UNIT} <= found(page)


@pytest.mark.parametrize("secrecy", Secrecy)
def test_who_is_warned_or_handed_a_case_in_private_reads_the_whole_place(secrecy):
    one = case(secrecy)
    standing = Standing(node=Node.WORKER, light=Light.YELLOW, since=MORNING, due=MORNING + timedelta(hours=4))
    for text in (WRITER.alert(one, standing, "第一网格"), WRITER.handed(one, "孟姐", "第一网格")):
        assert {Field.NUMBER, Field.CATEGORY, Field.FLAT} <= found(text)
        assert ("🔒" in text) is (secrecy is Secrecy.CONFIDENTIAL)


@pytest.mark.parametrize("secrecy", Secrecy)
def test_the_reporter_sees_the_whole_case_in_the_private_chat(secrecy):
    one = case(secrecy)
    texts = [*said(one, WRITER.to(Audience.REPORTER)), WRITER.own(one)]
    assert found(*texts) == allowed(Audience.REPORTER, secrecy)
    assert found(*said(replace(one, group=one.reporter, private=False), WRITER)) == found(*texts)


async def ticket(one: Case) -> list[object]:
    """The filing of a case and all news of it, as they leave for dispatch."""
    town = Town()
    dispatching, group = Dispatching(town.house), one.group
    await dispatching.file(
        Due(o.FileTicket(key="k", case=one.id), group, MORNING), replace(one, ticket=None, stage=Stage.FILING)
    )
    for n, news in enumerate(News):
        if news is not News.JOINED:
            order = o.TellDispatch(
                key=f"k{n}", case=one.id, news=news, text="还剁馅", attachments=one.attachments
            )
            await dispatching.tell(Due(order, group, MORNING), order, one)
    return [*town.dispatch.filed, *town.dispatch.told]


@pytest.mark.parametrize("secrecy", Secrecy)
async def test_the_unit_is_told_where_and_what_and_never_by_whom(secrecy):
    told = await ticket(case(secrecy))
    needed = {
        Field.NUMBER,
        Field.CATEGORY,
        Field.FLAT,
        Field.POINT,
        Field.WORDS,
        Field.EVIDENCE,
        Field.PEOPLE,
    }
    assert needed <= found(*told) <= allowed(Audience.UNIT, secrecy)
    assert ("保密件" in str(told)) is (secrecy is Secrecy.CONFIDENTIAL)
    assert told[0].confidential is (secrecy is Secrecy.CONFIDENTIAL)


async def test_a_confidential_matter_told_to_the_bot_alone_is_marked_for_the_unit():
    (filing, *_) = await ticket(case(Secrecy.CONFIDENTIAL, private=False, group="telegram:42"))
    assert filing.confidential


@pytest.mark.parametrize("secrecy", Secrecy)
async def test_the_interface_gives_what_is_confidential_only_to_who_shows_who_one_is(secrecy):
    async with world() as here:
        fact = reported(
            4711,
            here.clock.at - timedelta(minutes=5),
            "environment.noise_social",
            "楼上半夜拖椅子",
            place="33栋2单元508",
            assignment=case(secrecy).assignment,
            private=secrecy is Secrecy.CONFIDENTIAL,
        )
        await tell(here.state, fact, f.TicketFiled(at=here.clock.at, ticket="1"))
        given = []
        for _ in range(2):
            answer = await (await here.client.get("/api/cases", params={"group": GROUP})).json()
            given.append([one["place"] for one in answer["cases"]])
            await here.log_in()
    assert given == [[] if secrecy is Secrecy.CONFIDENTIAL else ["33栋2单元508"], ["33栋2单元508"]]
