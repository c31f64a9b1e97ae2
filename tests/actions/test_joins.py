"""Joins: who and what goes along when cases are merged or one is split."""

from dataclasses import replace

from actions import facts as f
from actions.advance import advance
from actions.joins import merge, part
from tests.actions.stories import AUNT, GROUP, LATER, NEIGHBOUR, PHOTO, WORKER, Story, fact

WHO = {"at": LATER, "by": WORKER, "by_name": "孟姐"}
OTHER = "memory:other"
SECOND = fact(f.Seconded, message="m3", by=NEIGHBOUR, by_name="李叔")
DETAIL = fact(f.Detailed, message="m4", by=NEIGHBOUR, text="门也坏了")


def test_people_and_messages_go_along():
    one, into = Story(f.Reported, f.Seconded).now, replace(Story(f.Reported).now, id=f"{GROUP}:2")
    absorbed, merged = merge(one, into, WHO)
    assert absorbed.followers == (AUNT, NEIGHBOUR)
    assert absorbed.messages == one.messages
    assert (absorbed.other, merged.into) == (one.id, into.id)


def test_a_message_takes_the_later_ones_of_its_writer_along():
    story = Story(f.Reported, SECOND, fact(f.Urged, message="m6", by=AUNT), DETAIL)
    off = part(story.now, story.trace, "m3", {"m3": "我家的门也坏了"})
    assert off.messages == (("m3", "second"), ("m4", "detail"))
    assert (off.by, off.by_name, off.text) == (NEIGHBOUR, "李叔", "我家的门也坏了")
    assert off.followers == (NEIGHBOUR,)
    assert off.attachments == (PHOTO,)


def test_the_reporters_other_messages_stay():
    story = Story(f.Reported, fact(f.Detailed, by=AUNT, message="m4"), fact(f.Urged, by=AUNT, message="m6"))
    assert part(story.now, story.trace, "m4", {}).messages == (("m4", "detail"),)


def test_a_follower_who_also_pressed_me_too_stays_one():
    story = Story(f.Reported, SECOND, fact(f.Seconded, message=None, by=NEIGHBOUR))
    assert part(story.now, story.trace, "m3", {}).followers == ()


def test_the_newest_words_are_those_that_go():
    story = Story(f.Reported, DETAIL, fact(f.Reworded, message="m4", by=NEIGHBOUR, text="单元门坏了"))
    assert part(story.now, story.trace, "m4", {"m4": "old"}).text == "单元门坏了"


def test_a_report_that_came_by_a_merger_goes_as_it_was_reported():
    own = Story(f.Reported)
    reported = fact(f.Reported, case=f"{GROUP}:2", by=OTHER, message="m20", text="井盖没了", place="东门")
    own.tell(fact(f.Absorbed, followers=(OTHER,), messages=(("m20", "report"),)))
    off = part(own.now, [reported, *own.trace], "m20", {})
    assert off.report == reported
    assert (off.text, off.place, off.followers) == ("井盖没了", "东门", (OTHER,))


def test_the_case_forgets_what_was_split_off():
    story = Story(f.Reported, SECOND, DETAIL, fact(f.Reworded, message="m4", text="门"))
    off = part(story.now, story.trace, "m3", {})
    after, _ = advance(
        story.now,
        f.SplitOff(
            **WHO,
            messages=tuple(known for known, _ in off.messages),
            into=f"{GROUP}:2",
            followers=off.followers,
            attachments=off.attachments,
        ),
    )
    assert (after.messages, after.followers, after.attachments, after.wordings) == (
        (("m1", "report"),),
        (),
        (),
        (),
    )
