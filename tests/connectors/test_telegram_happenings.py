"""Telegram's updates that are no messages: the bot put out, reactions, moves; and edits that tell nothing."""

from datetime import UTC, datetime

import pytest

from actions.message import Joined, Kind, Left, Message, Migrated, Press, Reacted, Role
from connectors.telegram_updates import Me, at_home, move_in, number_in, sender_in, title_in, translate
from tests.telegram_world import ANONYMOUS, Group, Person

ME = Me(770001, "linli_test_bot", hears_all=False)
BOT = Person(ME.id, "邻里", ME.username, is_bot=True)
WANG = Person(5_000_001, "王阿姨")
NOW = datetime(2100, 1, 1, tzinfo=UTC)


class Heard:
    """A group whose updates are translated as they come."""

    def __init__(self, id_=-1001, status="administrator") -> None:
        self.raw: list[dict] = []
        self.group = Group(id_, "阳光花园3号楼", BOT, self._take, privacy=False)
        self.group.set_bot(status)

    def _take(self, kind, body) -> None:
        self.raw.append({"update_id": 100 + len(self.raw), kind: dict(body)})

    @property
    def last(self):
        return translate(self.raw[-1], ME, NOW)


@pytest.fixture
def heard() -> Heard:
    return Heard()


# --- our place ---


@pytest.mark.parametrize("before", ["member", "administrator"])
@pytest.mark.parametrize("after", ["left", "kicked"])
def test_being_put_out_is_heard(heard, before, after):
    heard.group.bot_status = before
    heard.group.set_bot(after)
    assert heard.last == Left("telegram:-1001", heard.last.at)


def test_a_person_who_stops_the_bot_has_put_it_out():
    heard = Heard(WANG.id, "member")
    heard.group.set_bot("kicked")
    assert heard.last == Left(WANG.ref, heard.last.at)


# --- reactions ---


def test_a_reaction_names_the_person_the_message_and_what_is_new(heard):
    said = heard.group.say(BOT, "#1")
    heard.group.react(WANG, said, "👍")
    first = heard.last
    assert first == Reacted("telegram:-1001", first.id, WANG.ref, "王阿姨", first.at, str(said.id), ("👍",))
    heard.group.react(WANG, said, "👍", "❤")
    assert heard.last.added == ("❤",)
    heard.group.react(WANG, said)
    assert heard.last.added == ()
    assert heard.last.id != first.id


def test_a_reaction_of_a_group_a_channel_or_a_bot_is_no_persons(heard):
    said = heard.group.say(BOT, "#1")
    heard.group.react(WANG, said, "👍")
    told = heard.raw[-1]["message_reaction"]
    for who in ({"actor_chat": heard.group.chat()}, {"user": ANONYMOUS}):
        del told["user"]
        told |= who
        assert heard.last is None
        told["user"] = WANG.wire()


def test_signs_that_are_no_emoji_are_passed_over(heard):
    said = heard.group.say(BOT, "#1")
    heard.group.react(WANG, said, "👍")
    told = heard.raw[-1]["message_reaction"]
    told["new_reaction"] = [{"type": "custom_emoji", "custom_emoji_id": "5"}, {"type": "paid"}]
    assert heard.last.added == ()


# --- moves ---


@pytest.mark.parametrize(
    ("chat", "what"), [(-5, {"migrate_to_chat_id": -1009}), (-1009, {"migrate_from_chat_id": -5})]
)
def test_both_ends_of_a_move_tell_the_same(chat, what):
    heard = Heard(chat)
    heard.group.service(WANG, **what)
    assert heard.last == Migrated("telegram:-5", "telegram:-1009", heard.last.at)
    assert move_in(heard.raw[-1]) == (-5, -1009)


@pytest.mark.parametrize(
    "raw",
    [
        {},
        {"message": None},
        {"message": {"migrate_to_chat_id": -1}},
        {"message": {"chat": {"id": -5}, "migrate_to_chat_id": "-9"}},
        {"message": {"chat": {"id": -5}, "migrate_to_chat_id": True}},
        {"message": {"chat": {"id": -5}, "migrate_to_chat_id": -5}},
        {"edited_message": {"chat": {"id": -5}, "migrate_to_chat_id": -9}},
    ],
)
def test_what_only_looks_like_a_move_is_none(raw):
    assert move_in(raw) is None


def test_what_is_heard_under_a_new_number_is_told_under_the_old_with_ids_of_its_own(heard):
    first = heard.group.say(WANG, "电梯坏了")
    assert at_home(heard.last, -1001) == heard.last
    heard.group.say(WANG, "还没来", reply_to=first)
    message = at_home(heard.last, -5)
    assert isinstance(message, Message)
    assert (message.group, message.id, message.reply_to) == ("telegram:-5", "2-2", "2-1")
    heard.group.press_data(WANG, first, "x")
    press = at_home(heard.last, -5)
    assert isinstance(press, Press)
    assert (press.group, press.message) == ("telegram:-5", "2-1")
    heard.group.react(WANG, first, "👍")
    assert at_home(heard.last, -5).message == "2-1"
    heard.group.set_bot("member")
    assert at_home(heard.last, -5) == Joined("telegram:-5", "阳光花园3号楼", heard.last.at, hears_all=False)


def test_title_and_number_are_dug_out_without_parsing():
    raw = {"callback_query": {"message": {"chat": {"id": -6, "title": "春风里"}}}}
    assert (title_in(raw), number_in(raw)) == ("春风里", -6)
    assert (title_in({"message": 5}), number_in({"message": 5})) == ("", None)
    said = {"update_id": 1, "message": {"from": {"id": 7}}}
    assert [sender_in(one) for one in (said, {"message_reaction": {"user": {"id": 8}}}, {"message": {}})] == [
        "telegram:7",
        "telegram:8",
        "",
    ]


# --- edits ---


def test_an_edit_without_a_date_is_no_persons(heard):
    said = heard.group.say(WANG, "3号楼")
    heard.group.touch(said)
    assert heard.last is None


def test_a_point_counts_where_it_was_first_and_not_where_it_moves(heard):
    said = heard.group.live_location(WANG, 31.2, 121.4)
    assert (heard.last.kind, heard.last.point.lat) == (Kind.LOCATION, 31.2)
    heard.group.move(said, 31.3, 121.5)
    assert heard.last is None


async def test_the_items_of_an_album_come_one_by_one_with_its_id(heard):
    await heard.group.send_album(WANG, ["垃圾", "", ""], within_s=0.01)
    items = [translate(raw, ME, NOW) for raw in heard.raw[-3:]]
    assert len({one.album for one in items}) == 1
    assert len({one.id for one in items}) == 3
    assert [one.text for one in items] == ["垃圾", "", ""]


# --- who speaks ---


def test_an_anonymous_administrators_press_is_the_persons_own(heard):
    said = heard.group.say(BOT, "好了吗?")
    heard.group.press_data(WANG, said, "x")
    assert (heard.last.sender, heard.last.role) == (WANG.ref, Role.RESIDENT)
