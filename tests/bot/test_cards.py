"""Cards: what the group sees of a case, in each stage and language, short and without private numbers."""

from dataclasses import replace

import pytest

from actions import facts as f
from actions.case import Stage
from actions.emergency import Peril
from actions.orders import Sentence
from actions.reading import Urgency
from bot.cards import QUOTED, Writer
from tests.actions.stories import ABOVE, LIFTS, PHOTO, UNSURE, WAYS, Story, fact, in_stage

OPEN = replace(Story(f.Reported, f.TicketFiled).now, category="housing.elevator")
CHINESE, ENGLISH = Writer("zh_CN"), Writer("en")
PRIVATE = "找我13812345678"


@pytest.mark.parametrize("stage", WAYS)
@pytest.mark.parametrize("writer", [CHINESE, ENGLISH])
def test_every_stage_has_a_card_without_gaps(stage, writer):
    for story in in_stage(stage):
        for text in (writer.card(story.now), writer.line(story.now), writer.story(story.now)):
            assert text.strip()
            assert "{" not in text
        assert len(writer.card(story.now).splitlines()) in {2, 3}


@pytest.mark.parametrize("writer", [CHINESE, ENGLISH])
def test_every_sentence_and_question_is_whole(writer):
    said = [writer.say(sentence, OPEN, "") for sentence in Sentence]
    said += [ask(OPEN) for ask in (writer.ask_worker, writer.ask_if_fixed, writer.ask_satisfaction)]
    assert all(text and "{" not in text and "#1" in text for text in said)


@pytest.mark.parametrize("peril", Peril)
def test_a_warning_names_the_number_of_the_country(peril):
    text = Writer("en", fire="F", medical="M", police="P", gas="G").warning(peril, calls_workers=False)
    assert "{" not in text
    assert any(f" {number}" in text for number in "FMPG")


def test_without_a_number_for_gas_the_fire_brigade_is_called():
    assert "119" in CHINESE.warning(Peril.GAS, calls_workers=True)


def test_no_private_number_is_shown():
    case = replace(
        OPEN, text=PRIVATE, place=PRIVATE, note=PRIVATE, reporter_name=PRIVATE, stage=Stage.RETURNED
    )
    texts = [CHINESE.story(case), CHINESE.line(case), CHINESE.ask_worker(case)]
    texts += [CHINESE.say(sentence, case, PRIVATE) for sentence in Sentence]
    assert all("13812345678" not in text for text in texts)


def test_a_card_names_the_other_buildings_once_and_not_the_same_place_in_other_words():
    case = replace(OPEN, place="6号楼", places=("6号楼", "6号楼2单元", "7号楼", "8号楼", "八号楼"))
    assert "还有 7号楼、8号楼" in CHINESE.card(case)
    assert "also 7号楼, 8号楼" in ENGLISH.card(case)
    assert "还有" not in CHINESE.card(replace(OPEN, place="6号楼", places=("6号楼", "6号楼2单元")))


def test_braces_of_residents_stay_braces():
    case = replace(OPEN, place="{title}", note="{0}", stage=Stage.RETURNED, reporter_name="{n}", text="{x}")
    assert "{title}" in CHINESE.card(case)
    assert "{0}" in CHINESE.card(case)
    assert "{n}: {x}" in CHINESE.story(case)
    assert "{title}" in CHINESE.say(Sentence.RETURNED, case, "{note}")


def test_long_words_are_cut():
    assert CHINESE.story(replace(OPEN, text="长" * 500)).endswith("长" * QUOTED + "…")


def test_what_is_known_beside_is_counted():
    case = replace(OPEN, followers=("a", "b"), attachments=(PHOTO,), disputes=2, scores=(("a", 5), ("b", 4)))
    last = CHINESE.card(case).splitlines()[-1]
    assert all(part in last for part in ("2 人", "1 个", "×2", "4.5"))


def test_a_card_counts_how_often_it_came_back_and_says_that_another_group_reported_it():
    last = CHINESE.card(replace(OPEN, reopened=2, leader="memory:grid-8:4")).splitlines()[-1]
    assert last == "再次出现 ×2 · 别的群已经报过，这里一起跟进"


def test_a_card_counts_what_was_given_back_and_what_is_half_fixed():
    case = replace(OPEN, bounces=("not_ours", "other"), halves=1)
    assert CHINESE.card(case).splitlines()[-1] == "退回 ×2 · 修了一半 ×1"


@pytest.mark.parametrize("stage", [Stage.OPEN, Stage.ACCEPTED, Stage.IN_PROGRESS, Stage.RETURNED])
@pytest.mark.parametrize(("writer", "unit"), [(CHINESE, "电梯所"), (ENGLISH, "Lift Authority")])
def test_a_card_names_the_unit_where_it_is_known(writer, unit, stage):
    case = replace(OPEN, assignment=replace(LIFTS, unit=unit), stage=stage, note="no duty")
    assert unit in writer.card(case)
    assert ("no duty" if stage is Stage.RETURNED else "T-1") in writer.card(case)
    assert unit not in writer.card(replace(case, assignment=None))


def test_an_english_card_does_not_name_a_unit_in_chinese():
    case = replace(OPEN, assignment=LIFTS)
    assert ENGLISH.card(case) == ENGLISH.card(OPEN)
    assert "the responsible unit" in ENGLISH.say(Sentence.RULING, case, "")


def test_a_ruling_names_who_decides():
    text = CHINESE.say(Sentence.RULING, replace(OPEN, assignment=ABOVE), "")
    assert text.splitlines()[-1] == "这件事几次没有落实，已提到上一级，由区市场监管局定谁来办。"


def test_urgency_is_seen_at_once():
    assert CHINESE.title(replace(OPEN, urgency=Urgency.EMERGENCY)).startswith("🆘")
    assert CHINESE.title(OPEN).startswith("#1")


def test_a_missing_place_is_said_to_be_missing():
    assert "地点待补充" in CHINESE.title(replace(OPEN, place=""))


def test_who_gave_a_case_back_and_why_stands_on_its_card():
    case = Story(UNSURE, f.TakenOn, fact(f.GivenBack, reason="worker.no_means")).now
    assert "网格员退回：网格里办不了" in Writer("zh_CN").card(case)
    assert "cannot be done here" in Writer("en").card(case)
