"""Verifying: whatever is done to a chain, the first line of it that is not as it was is named."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.chain import (
    ERASED,
    MATTER,
    PERSONAL,
    Head,
    Link,
    Shown,
    canonical,
    commitment,
    hash_of,
    parts_of,
    read,
)
from actions.verifying import Fault, verified

LONG = 12


def chain(length: int = LONG) -> list[Link]:
    """A sound chain of reports."""
    links: list[Link] = []
    for n in range(1, length + 1):
        record = {
            "is": "Reported",
            "at": f"2026-03-0{n % 9 + 1}",
            "text": f"灯坏了 {n}",
            "by": "memory:阿姨",
            "category": "x",
        }
        links.append(made(n, links[-1].hash if links else "", record))
    return links


def made(n: int, prev: str, record: dict[str, object], *, case: int = 1) -> Link:
    parts = parts_of(record)
    shown = {part: Shown(parts[part], f"salt{n}") for part in (MATTER, PERSONAL) if part in parts}
    seals = {part: it.commits(part) for part, it in shown.items()}
    opened = parts["open"]
    return Link(
        n=n,
        case=case,
        prev=prev,
        hash=hash_of(n, case, prev, opened, seals),
        open=opened,
        seals=seals,
        shown=shown,
    )


def rehashed(link: Link) -> Link:
    return replace(link, hash=link.hashed)


def fault(links: list[Link | None], kept: Head | None = None) -> Fault | None:
    return verified(links, kept).first


places = st.integers(0, LONG - 1)
inner = st.integers(0, LONG - 3)


def test_a_sound_chain_has_no_fault_and_ends_in_its_head():
    links = chain()
    assert fault(list(links)) is None
    assert verified(links).head == links[-1].head
    assert fault([]) is None


@given(places)
def test_a_line_that_was_altered_is_named(at):
    links: list[Link | None] = [*chain()]
    links[at] = replace(links[at], open={**links[at].open, "at": "2020-01-01"})
    found = fault(links)
    assert (found.at, found.n) == (at + 1, at + 1)
    assert "altered" in str(found)


@given(inner)
def test_a_line_that_was_altered_and_hashed_again_is_named_by_what_follows(at):
    links: list[Link | None] = [*chain()]
    links[at] = rehashed(replace(links[at], open={**links[at].open, "at": "2020-01-01"}))
    found = fault(links)
    assert (found.at, found.n) == (at + 1, at + 1)
    assert "altered" in str(found)


@given(places, st.sampled_from([MATTER, PERSONAL]))
def test_words_that_do_not_fit_the_commitment_are_named(at, part):
    links: list[Link | None] = [*chain()]
    forged = {**links[at].shown, part: replace(links[at].shown[part], values={"text": "都修好了"})}
    links[at] = replace(links[at], shown=forged)
    found = fault(links)
    assert (found.at, found.what) == (at + 1, f"the {part} of link {at + 1} was altered")


@given(st.integers(0, LONG - 2), st.integers(1, 4))
def test_lines_that_are_missing_are_named(at, many):
    links = chain()
    gone = links[:at] + links[at + many :]
    found = fault([*gone])
    if at + many >= LONG:
        assert found is None  # cut off at the end: only a head that was kept tells
        found = fault([*gone], links[-1].head)
    assert found.n == at + 1
    assert found.at == at + 1
    assert "missing" in str(found)


@given(st.integers(0, LONG - 1), st.sampled_from(["copy", "forged", "own number", "unreadable"]))
def test_a_line_that_was_inserted_is_named(at, how):
    links = chain()
    before = links[at - 1].head if at else Head()
    record = {"is": "WorkerConfirmed", "at": "2026-03-01", "by": "memory:孟姐"}
    new = {
        "copy": links[0],
        "forged": made(before.n + 1, before.hash, record),
        "own number": made(99, before.hash, record),
        "unreadable": None,
    }[how]
    found = fault([*links[:at], new, *links[at:]])
    copied = how == "copy" and at == 0
    assert found.at == (2 if copied else at + 1 if at < LONG - 1 or how != "forged" else LONG + 1)
    assert "insert" in str(found)


def test_a_line_that_cannot_be_read_is_named():
    links: list[Link | None] = [*chain()]
    links[4] = None
    assert fault(links).at == 5


def test_a_chain_made_anew_is_told_by_a_head_that_was_kept():
    kept, anew = chain()[7].head, chain()
    anew[3] = replace(anew[3], open={**anew[3].open, "at": "2020-01-01"})
    for at in range(3, LONG):
        anew[at] = rehashed(replace(anew[at], prev=anew[at - 1].hash))
    assert fault([*anew]) is None
    assert "made anew" in str(fault([*anew], kept))


def erased(links: list[Link], at: int, *, honest: bool = True) -> list[Link]:
    """The chain after the words of one line were erased."""
    left = Shown({"text": "***"}, "new salt")
    links = [*links]
    links[at] = replace(links[at], shown={**links[at].shown, PERSONAL: left}, erased=left.commits(PERSONAL))
    said = left.commits(PERSONAL) if honest else commitment(PERSONAL, "x", {})
    record = {"is": ERASED, "at": "2026-04-01", "why": "asked", "lines": {str(at + 1): said}}
    return [*links, made(len(links) + 1, links[-1].hash, record, case=0)]


@given(places)
def test_a_chain_verifies_after_an_erasure(at):
    assert fault([*erased(chain(), at)]) is None
    assert fault([*erased(erased(chain(), at), 5)]) is None


@given(places)
def test_what_was_erased_cannot_be_replaced_unseen(at):
    links: list[Link | None] = [*erased(chain(), at)]
    forged = Shown({"text": "我没报过"}, "z")
    links[at] = replace(links[at], shown={PERSONAL: forged}, erased=forged.commits(PERSONAL))
    assert fault(links).at == at + 1
    assert fault([*erased(chain(), at, honest=False)]).at == at + 1


@given(places, places)
def test_after_an_erasure_the_line_that_was_altered_is_named_and_not_the_one_that_was_erased(at, other):
    links: list[Link | None] = [*erased(chain(), at)]
    links[other] = replace(links[other], open={**links[other].open, "at": "2020-01-01"})
    assert (found := fault(links)).at == other + 1
    assert "altered" in found.what


@given(places)
def test_an_erasure_that_was_taken_out_is_what_is_missing(at):
    links = erased(chain(), at)
    after = made(len(links) + 1, links[-1].hash, {"is": "Closed", "at": "2026-04-02"})
    assert fault([*links[:-1], after]).what == f"link {len(links)} is missing"
    assert "missing at the end" in fault([*links[:-1]], links[-1].head).what
    assert "no erasure says so" in fault([*links[:-1]]).what


def test_a_line_beyond_the_end_of_the_chain_is_no_altered_one():
    links = chain()
    beyond = replace(made(LONG + 1, links[-1].hash, {"is": "Closed", "at": "2026-04-02"}), hash="")
    assert "inserted after link 12" in fault([*links, beyond]).what


def test_parts_that_are_left_out_do_not_break_the_chain():
    assert fault([replace(link, shown={}) for link in chain()]) is None


@given(places)
def test_a_link_reads_as_it_was_told(at):
    link = erased(chain(), 3)[at]
    assert read(json.loads(json.dumps(link.told()))) == link


junk = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=8), inside, max_size=4),
    max_leaves=10,
)
KEYS = ("n", "case", "prev", "hash", "open", "matter", "personal", "shown", "erased")


@given(junk | st.dictionaries(st.sampled_from(KEYS), junk))
def test_whatever_a_line_holds_it_is_a_link_or_a_clear_error(raw):
    try:
        link = read(raw)
    except ValueError:
        return
    verified([link, *chain(2)])


@given(junk)
def test_canonical_is_the_same_after_a_trip_through_json(value):
    assert canonical(json.loads(json.dumps(value))) == canonical(value)


@pytest.mark.parametrize("name", ["text", "by", "by_name", "place", "note", "a field that nobody knows yet"])
def test_whatever_is_not_known_to_be_harmless_is_personal(name):
    assert parts_of({"is": "Fact", name: "x"})[PERSONAL] == {name: "x"}
