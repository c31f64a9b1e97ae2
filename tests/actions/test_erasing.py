"""Erasing: nothing of a person is left in their cases, and the cases stand as they stood."""

from dataclasses import replace
from itertools import count

from hypothesis import given
from hypothesis import strategies as st

from actions import facts as f
from actions.advance import advance, rebuild
from actions.case import Case, IllegalMove
from actions.course import course_of
from actions.erasing import STAND_IN, concerns, forgotten, residents, without
from actions.mask import HIDDEN
from actions.message import Kind, Message, Role
from actions.reading import Intent
from actions.talk import Talk
from connectors.codec import dump
from tests.actions.stories import AUNT, CASE, FACTS, GROUP, NEIGHBOUR, START, WORKER
from tests.actions.test_case_random import CALM, KINDS

facts_of_any_kind = st.lists(st.one_of(*KINDS.values()), max_size=25)


def tokens():
    numbers = count()
    return lambda: f"t{next(numbers)}"


def played(told) -> tuple[Case, list[f.Fact]]:
    """The case that comes of those facts that are legal, and these."""
    case, taken = None, []
    for fact in (FACTS[f.Reported], *told):
        try:
            case, _ = advance(case, fact)
        except IllegalMove:
            continue
        taken.append(fact)
    return case, taken


PLAIN = {
    "text", "reporter_name", "place", "places", "point", "wordings", "meanings", "reporter", "followers", "face", "note",
    "scores", "answers", "voices", "marked", "attachments", "evidence", "residents_key", "worker_key", "withdrawn_by",
    "handler", "handler_name", "inspected_by", "messages", "origin", "whispers", "confided", "unreached",
}  # fmt: skip


@CALM
@given(facts_of_any_kind, st.sampled_from([AUNT, NEIGHBOUR]))
def test_nothing_of_a_person_is_left_and_the_case_stands_as_it_stood(told, person):
    case, facts = played(told)
    after, left = without(case, facts, [person], tokens())
    assert person not in dump(after).replace(GROUP, "")
    assert not concerns(left, person)
    assert rebuild(left) == after
    same = {name: getattr(case, name) for name in Case.__dataclass_fields__ if name not in PLAIN}
    assert {name: getattr(after, name) for name in same} == same
    assert len(after.followers) == len(case.followers)
    assert len(after.evidence) == len(case.evidence)
    assert [score for _, score in after.scores] == [score for _, score in case.scores]
    assert course_of(left).events == course_of(facts).events


@CALM
@given(facts_of_any_kind)
def test_without_everybody_no_words_and_no_residents_are_left(told):
    case, facts = played(told)
    after, left = without(case, facts, residents(facts), tokens(), everybody=True)
    assert rebuild(left) == after
    assert after.stage is case.stage
    assert {fact.by_name for fact in left} == {""}
    assert {getattr(fact, "text", "") for fact in left} <= {"", HIDDEN}
    assert all(not concerns(left, person) for person in residents(facts))


@CALM
@given(facts_of_any_kind)
def test_erasing_twice_changes_nothing_more(told):
    case, facts = played(told)
    after, left = without(case, facts, [AUNT], tokens())
    assert without(after, left, [AUNT], tokens()) == (after, left)
    bare, bared = without(case, facts, residents(facts), tokens(), everybody=True)
    assert without(bare, bared, residents(bared), tokens(), everybody=True) == (bare, bared)


def test_words_of_others_stay_but_not_the_name_in_them():
    case, facts = played(
        [replace(FACTS[f.Detailed], by=NEIGHBOUR, text="王阿姨说的对，门也坏了"), FACTS[f.TakenOn]]
    )
    after, left = without(case, facts, [AUNT], tokens())
    assert left[1].text == "***说的对，门也坏了"
    assert (after.text, after.reporter_name, after.handler_name) == (HIDDEN, "", "李师傅")
    assert after.reporter.startswith(STAND_IN)
    assert after.place == "3号楼"


def test_a_flat_becomes_its_building_whoever_wrote_it_down():
    case, facts = played([replace(FACTS[f.Relocated], place="幸福小区3栋2单元501")])
    assert without(case, facts, [AUNT], tokens())[0].place == "幸福小区3栋"
    assert without(case, facts, [NEIGHBOUR], tokens())[0].place == "幸福小区3栋2单元501"


def test_who_acted_as_a_worker_is_no_resident():
    _, facts = played([FACTS[f.Seconded], FACTS[f.TakenOn]])
    assert residents(facts) == {AUNT, NEIGHBOUR}


def test_a_chat_of_ones_own_keeps_its_number():
    first = replace(FACTS[f.Reported], case=f"{AUNT}:1", group=AUNT)
    case, _ = advance(None, first)
    after, left = without(case, [first], [AUNT], tokens())
    assert (after.group, after.reporter, after.text, after.reporter_name) == (AUNT, AUNT, HIDDEN, "")
    assert rebuild(left) == after


def test_a_case_that_its_trace_does_not_lead_to_loses_all_words():
    case, facts = played([FACTS[f.Seconded]])
    odd = replace(case, note="给王阿姨回过电话", disputes=7)
    after, _ = without(odd, facts, [AUNT], tokens())
    assert AUNT not in dump(after)
    assert (after.text, after.note, after.disputes, after.followers) == (
        HIDDEN,
        HIDDEN,
        7,
        case.followers,
    )


def test_a_groups_memory_forgets_what_a_person_said():
    talk = Talk(group=GROUP, title="七号网格")
    for n, who in enumerate((AUNT, NEIGHBOUR, AUNT)):
        talk = talk.heard(
            Message(GROUP, str(n), who, who, Role.RESIDENT, START, Kind.TEXT, "在吗"), Intent.CHATTER
        )
    left = forgotten(talk, AUNT)
    assert [line.sender for line in left.recent] == [NEIGHBOUR]
    assert left.title == "七号网格"
    own = forgotten(replace(talk, group=AUNT), AUNT)
    assert (own.recent, own.title) == ((), "")


def test_only_who_is_there_is_concerned():
    _, facts = played([FACTS[f.Seconded]])
    assert concerns(facts, NEIGHBOUR)
    assert not concerns(facts, WORKER)
    assert not concerns([replace(FACTS[f.Detailed], by="", message="telegram:431/2")], "telegram:43")
    assert concerns([replace(FACTS[f.Detailed], by="", message="telegram:43/2")], "telegram:43")
    assert CASE.startswith(GROUP)
