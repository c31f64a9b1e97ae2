"""The dossier of a case: matter, who answers, limits, clocks, returns and answers, in plain words."""

from dataclasses import replace

from actions import facts as f
from actions.assignment import Assignment
from actions.levels import Level
from actions.limits import Limit
from bot.categories import name_of
from bot.dossier import answers_for, went
from tests.actions.stories import FILED, LIFTS, Story, fact
from tests.console_world import reported, tell, world

LAMP = Assignment(
    matter="traffic.streetlight.single",
    list_version="2026.7",
    level=Level.STREET,
    unit="市政养护所",
    assisting=("供电企业",),
    respond=Limit.parse("4wh"),
    resolve=Limit.parse("3wd"),
)


def test_who_answers_for_it_is_said_in_words():
    case = Story(replace(fact(f.Reported), assignment=LAMP)).now
    assert dict(answers_for(case, "路灯不亮", "zh_CN")) == {
        "事项": "路灯不亮 (traffic.streetlight.single)",
        "清单版本": "2026.7",
        "主责单位": "市政养护所",
        "协办单位": "供电企业",
        "层级": "街道/乡镇",
        "受理时限": "4 个工作小时",
        "办结时限": "3 个工作日",
    }
    assert answers_for(Story(fact(f.Reported)).now, "", "zh_CN") == ()


def test_how_often_it_went_back_is_said_with_the_reasons():
    story = Story(replace(fact(f.Reported), assignment=LIFTS), *FILED[1:])
    case = replace(story.now, bounces=("not_ours", "not_ours", "gone"), disputes=2)
    said = dict(went(case, "en"))
    assert said["given back by units"] == "not this unit's responsibility × 2 · other reason × 1"
    assert said["disputes"] == "× 2"


def test_a_category_is_named_without_its_examples():
    assert name_of("environment.noise_social", "zh_CN") == "生活噪声"
    assert name_of("environment.noise_commercial", "zh_CN") == "商业经营噪声"


async def test_the_page_of_a_case_shows_it_with_its_clocks():
    async with world() as here:
        await here.log_in()
        lamp = reported(3, here.clock.at, "traffic.streetlight", "路灯不亮", place="东门", assignment=LAMP)
        await tell(here.state, lamp, f.TicketFiled(at=here.clock.at, ticket="T1"))
        answer = await here.client.get("/console/case/telegram:-1001234567890:3")
        text = await answer.text()
    for words in ("市政养护所", "2026.7", "街道/乡镇", "4 个工作小时", "各环节时限", "单位受理", "进行中"):
        assert words in text
    assert "Assignment(" not in text
