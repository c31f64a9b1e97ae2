"""The account of the fault suite fails when it should: what is lost, doubled, out of order or unfinished is found."""

from dataclasses import replace

import pytest

from tests.chaos.account import Account, Kept, Said, Sentence

GROUP = "telegram:-1"


def case(number, **more):
    made = Kept(
        GROUP, f"{GROUP}:{number}", number, "closed", f"{number}号楼", (str(10 + number),), str(100 + number),
        (("card", str(20 + number)),),
    )  # fmt: skip
    return replace(made, **more)


def sentence(number, **more):
    made = Sentence(GROUP, str(20 + number), f"#{number} 电梯", "work1#1", float(number), number=number)
    return replace(made, **more)


def whole():
    """Two reports among chatter, one poison; all is as it should be."""
    return Account(
        said=[
            Said(GROUP, "10", "早上好"),
            Said(GROUP, "11", "1号楼电梯又坏了", "1号楼"),
            Said(GROUP, "12", "2号楼电梯又坏了", "2号楼"),
            Said(GROUP, "13", "【乱】3", poison=True),
        ],
        cases=[case(1), case(2)],
        tickets=[("101", f"{GROUP}:1"), ("102", f"{GROUP}:2")],
        told=[f"{GROUP}:1:4:0"],
        sentences=[Sentence(GROUP, "1", "大家好", "work1#1", 0.0), sentence(1), sentence(2)],
        read={GROUP: 3},
        dead=[(GROUP, "makes no sense", "… 【乱】3 …")],
        wants_closed=[(GROUP, "11")],
    )


def found(account):
    return [one.what for one in account.findings()]


def test_an_account_that_is_right_has_no_findings():
    assert found(whole()) == []


def test_a_lost_message_is_found():
    account = whole()
    account.read[GROUP] = 2
    assert found(account) == ["messages lost"]


def test_a_message_that_is_read_twice_is_found():
    account = whole()
    account.read[GROUP] = 4
    assert found(account) == ["messages read twice"]


def test_a_message_that_still_waits_is_found():
    account = whole()
    account.waiting = 1
    assert found(account) == ["not read"]


def test_a_lost_report_is_found():
    account = whole()
    del account.cases[1], account.tickets[1], account.sentences[2]
    assert found(account) == ["a report that is not one case"]


def test_a_report_that_became_two_cases_is_found():
    account = whole()
    account.cases.append(case(3, messages=("12",), place="2号楼"))
    account.tickets.append(("103", f"{GROUP}:3"))
    account.sentences.append(sentence(3))
    assert found(account) == ["a report that is not one case"]


def test_a_case_at_the_wrong_place_is_found():
    account = whole()
    account.cases[1] = case(2, place="1号楼")
    assert found(account) == ["a report that is not one case"]


def test_cases_in_the_wrong_order_are_found():
    account = whole()
    account.cases = [
        case(1, messages=("12",), place="2号楼"),
        case(2, messages=("11",), place="1号楼"),
    ]
    assert found(account) == ["out of order"]


def test_a_doubled_ticket_is_found():
    account = whole()
    account.tickets.append(("109", f"{GROUP}:2"))
    assert found(account) == ["not one ticket"]


def test_a_ticket_under_the_number_of_another_is_found():
    account = whole()
    account.cases[1] = case(2, ticket="101")
    assert found(account) == ["not one ticket"]


def test_a_ticket_of_nobody_is_found():
    account = whole()
    account.tickets.append(("109", ""))
    assert found(account) == ["a ticket of no case"]


def test_an_update_that_was_told_twice_is_found():
    account = whole()
    account.told *= 2
    assert found(account) == ["dispatch was told twice"]


def test_a_trace_that_is_not_its_case_is_found():
    account = whole()
    account.cases[0] = case(1, trace_is_whole=False)
    account.chains = "line 3 was altered"
    assert found(account) == ["a trace that is not its case", "a broken chain"]


def test_poison_that_vanished_and_a_dead_letter_too_many_are_found():
    account = whole()
    account.dead = [(GROUP, "?", "早上好")]
    assert found(account) == ["poison", "a dead letter"]


def test_a_loop_that_does_not_close_is_found():
    account = whole()
    account.cases[0] = case(1, stage="worker_key")
    assert found(account) == ["a loop that does not close"]


def test_a_case_without_a_card_or_with_two_is_found():
    account = whole()
    account.cases = [case(1, posts=()), case(2, posts=(("card", "22"), ("card", "23")))]
    account.sentences[1:] = [sentence(2), sentence(2, id="23")]
    assert found(account) == ["not one card", "not one card"]


def test_a_message_that_the_group_never_saw_is_found():
    account = whole()
    del account.sentences[2]
    assert found(account) == ["a message that is not there"]


@pytest.mark.parametrize(
    "double", [sentence(2, id="23", at=9.0), Sentence(GROUP, "9", "大家好", "work1#1", 9.0)]
)
def test_a_doubled_sentence_is_found(double):
    account = whole()
    account.sentences.append(double)
    assert found(account) == ["a sentence twice"]


def test_a_sentence_whose_answer_was_dropped_is_counted_apart():
    account = whole()
    account.sentences.append(sentence(2, id="23", at=1.5, lost=True))
    assert found(account) == []
    assert [one.id for one in account.excused] == ["23"]


def test_who_was_killed_while_speaking_may_double_one_sentence_of_a_group_and_no_more():
    account = whole()
    account.gone = [(2.5, "work1#1")]
    account.sentences.append(sentence(2, id="23", at=1.5))
    assert found(account) == []
    account.sentences.append(sentence(1, id="24", at=1.6))
    assert found(account) == ["a sentence twice"]


@pytest.mark.parametrize("end", [(1.4, "work1#1"), (2.5, "work2#1"), (99.0, "work1#1")])
def test_the_end_of_another_or_at_another_time_excuses_nothing(end):
    account = whole()
    account.gone = [end]
    account.sentences.append(sentence(2, id="23", at=1.5))
    assert found(account) == ["a sentence twice"]
