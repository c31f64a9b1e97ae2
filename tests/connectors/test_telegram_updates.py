"""Telegram's updates in our words: every kind that people send, and whatever else may come."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actions.message import Joined, Kind, Message, Point, Press, Role
from connectors.telegram_updates import ANONYMOUS_ADMINISTRATOR, EARLIEST, Me, group_of, translate
from tests.telegram_world import Group, Person, member_wire

ME = Me(770001, "linli_test_bot", hears_all=False)
BOT = Person(ME.id, "邻里", ME.username, is_bot=True)
WANG = Person(5_000_001, "王阿姨")
NOW = datetime(2100, 1, 1, tzinfo=UTC)


class Heard:
    """A group whose updates are translated as they come."""

    def __init__(self, id_=-1001) -> None:
        self.raw: list[dict[str, Any]] = []
        self.group = Group(id_, "阳光花园3号楼", BOT, self._take, privacy=False)
        self.group.set_bot("member")

    def _take(self, kind, body) -> None:
        self.raw.append({"update_id": 100 + len(self.raw), kind: dict(body)})

    @property
    def last(self):
        return translate(self.raw[-1], ME, NOW)


@pytest.fixture
def heard() -> Heard:
    return Heard()


def test_a_text_is_taken_letter_by_letter(heard):
    said = heard.group.say(WANG, "  3号楼电梯\u0000又坏了 😀\n\n")
    message = heard.last
    assert message == Message(
        group="telegram:-1001",
        id=str(said.id),
        sender=WANG.ref,
        sender_name="王阿姨",
        role=Role.RESIDENT,
        at=datetime.fromtimestamp(said.raw["date"], UTC),
        kind=Kind.TEXT,
        text="  3号楼电梯\u0000又坏了 😀\n\n",
        group_title="阳光花园3号楼",
    )


def test_a_photo_is_its_largest_size_with_the_caption(heard):
    heard.group.photo(WANG, "路灯坏了", b"x" * 7)
    (photo,) = heard.last.attachments
    assert (heard.last.kind, heard.last.text) == (Kind.PHOTO, "路灯坏了")
    assert (photo.kind, photo.mime, photo.size_bytes) == (Kind.PHOTO, "image/jpeg", 7)


def test_an_album_comes_as_messages_with_one_album_id(heard):
    heard.group.album(WANG, "垃圾", count=3)
    messages = [translate(raw, ME, NOW) for raw in heard.raw[1:]]
    assert len({one.album for one in messages}) == 1
    assert [one.text for one in messages] == ["垃圾", "", ""]
    assert messages[0].album


@pytest.mark.parametrize(
    ("send", "kind"),
    [
        (lambda group: group.voice(WANG), Kind.VOICE),
        (lambda group: group.video(WANG), Kind.VIDEO),
        (lambda group: group.sticker(WANG), Kind.STICKER),
        (lambda group: group.document(WANG, "image/png"), Kind.PHOTO),
        (lambda group: group.document(WANG, "application/pdf"), Kind.OTHER),
        (lambda group: group.location(WANG, 31.2, 121.4), Kind.LOCATION),
    ],
)
def test_each_kind_is_told_apart(heard, send, kind):
    send(heard.group)
    assert heard.last.kind is kind


@pytest.mark.parametrize(("mime", "kind"), [("image/gif", Kind.PHOTO), ("video/mp4", Kind.OTHER)])
def test_an_animation_is_no_document_although_it_also_comes_as_one(heard, mime, kind):
    animation = {
        "file_id": "A",
        "file_unique_id": "u",
        "width": 1,
        "height": 1,
        "duration": 1,
        "mime_type": mime,
    }
    heard.group.document(WANG, "image/png", extra={"animation": animation})
    assert (heard.last.kind, heard.last.attachments[0].ref) == (kind, "A")


def test_a_video_note_and_an_audio_file_are_video_and_voice(heard):
    note = {"file_id": "N", "file_unique_id": "u", "length": 240, "duration": 3}
    heard.group.service(WANG, video_note=note)
    assert heard.last.kind is Kind.VIDEO
    heard.group.service(WANG, audio={"file_id": "A", "file_unique_id": "u", "duration": 3})
    assert heard.last.kind is Kind.VOICE


def test_a_venue_gives_its_name_and_its_point(heard):
    heard.group.location(WANG, 31.2304, 121.4737, "阳光花园东门", "中山路1号")
    assert (heard.last.text, heard.last.point) == ("阳光花园东门 中山路1号", Point(31.2304, 121.4737))


def test_a_contact_is_heard_without_its_phone_number(heard):
    heard.group.service(WANG, contact={"phone_number": "13800000000", "first_name": "李"})
    assert heard.last.kind is Kind.OTHER
    assert "13800000000" not in repr(heard.last)


@pytest.mark.parametrize(
    "what",
    [
        {"new_chat_title": "新名字"},
        {"dice": {"value": 3, "emoji": "🎲"}},
        {"pinned_message": {"message_id": 1, "date": 0, "chat": {"id": -1001, "type": "supergroup"}}},
        {"left_chat_member": {"id": 9, "is_bot": False, "first_name": "旧"}},
        {"story": {"id": 1, "chat": {"id": 9, "type": "private"}}},
        {"game": {"title": "g", "description": "d", "photo": []}},
        {"giveaway_created": {}},
        {"forum_topic_closed": {}},
        {"group_chat_created": True},
        {"video_chat_started": {}},
        {"new_chat_members": [{"id": 9, "is_bot": False, "first_name": "新"}]},
        {
            "poll": {
                "id": "1", "question": "?", "options": [], "total_voter_count": 0, "is_closed": False,
                "is_anonymous": True, "type": "regular", "allows_multiple_answers": False,
                "allows_revoting": False, "members_only": False,
            }
        },
    ],
)  # fmt: skip
def test_services_polls_and_dice_are_none_of_our_business(heard, what):
    heard.group.service(WANG, **what)
    assert heard.last is None


def test_an_edit_keeps_its_id_and_is_timed_by_the_edit(heard):
    said = heard.group.say(WANG, "3号楼", date=1_700_000_000)
    heard.group.edit(said, "5号楼")
    assert (heard.last.id, heard.last.text, heard.last.edited) == (str(said.id), "5号楼", True)
    assert heard.last.at > datetime(2024, 1, 1, tzinfo=UTC)


def test_a_reply_carries_what_it_replies_to_and_a_quote_wins(heard):
    first = heard.group.say(WANG, "3号楼电梯坏了")
    heard.group.say(WANG, "我家也是", reply_to=first)
    assert (heard.last.reply_to, heard.last.quoted) == (str(first.id), "3号楼电梯坏了")
    heard.group.say(WANG, "我家也是", reply_to=first, quote="电梯")
    assert heard.last.quoted == "电梯"


def test_a_thread_counts_only_in_a_topic_and_its_opening_is_no_reply(heard):
    opening = heard.group.service(WANG, forum_topic_created={"name": "报修", "icon_color": 7322096})
    heard.group.say(WANG, "水管爆了", thread=opening.id, reply_to=opening)
    assert (heard.last.thread, heard.last.reply_to) == (str(opening.id), None)
    heard.group.say(WANG, "水管爆了", extra={"message_thread_id": 7})
    assert heard.last.thread is None


def test_an_anonymous_administrator_is_a_worker_of_unknown_number(heard):
    heard.group.say(Person(7, "网格长"), "收到", anonymous=True)
    message = heard.last
    assert message.sender == f"telegram:{ANONYMOUS_ADMINISTRATOR}"
    assert (message.role, message.sender_name) == (Role.WORKER, "网格长")


def test_a_channel_is_official_only_when_its_posts_are_forwarded_by_telegram(heard):
    heard.group.say(WANG, "停水通知", channel=(-1009, "社区公告"), forwarded=True)
    assert (heard.last.role, heard.last.sender) == (Role.OFFICIAL, "telegram:-1009")
    heard.group.say(WANG, "停水通知", channel=(-1009, "社区公告"))
    assert (heard.last.role, heard.last.sender_name) == (Role.RESIDENT, "社区公告")


def test_other_bots_and_we_ourselves_are_not_heard(heard):
    for bot in (BOT, Person(6, "天气", is_bot=True)):
        raw = {
            "message_id": 1,
            "date": 1_700_000_000,
            "chat": heard.group.chat(),
            "from": bot.wire(),
            "text": "晴",
        }
        assert translate({"update_id": 1, "message": raw}, ME, NOW) is None


def test_a_command_loses_our_name_and_keeps_the_rest(heard):
    heard.group.say(WANG, "/cases@Linli_Test_Bot  3 😀")
    assert (heard.last.text, heard.last.addressed) == ("/cases  3 😀", True)
    heard.group.say(WANG, "/cases 3")
    assert (heard.last.text, heard.last.addressed) == ("/cases 3", True)


def test_a_command_for_another_bot_is_none_of_our_business(heard):
    heard.group.say(WANG, "/cases@another_bot 3")
    assert heard.last is None


def test_a_mention_after_emoji_and_a_reply_to_us_address_us(heard):
    heard.group.say(WANG, "😀👨‍👩‍👧 @linli_test_bot 电梯坏了")
    assert heard.last.addressed
    heard.group.say(WANG, "😀 @linli_test_bots 电梯坏了")
    assert not heard.last.addressed
    ours = heard.group.say(BOT, "是哪里?")
    heard.group.say(WANG, "东门", reply_to=ours)
    assert heard.last.addressed


def test_a_private_chat_is_a_group_of_one():
    heard = Heard(WANG.id)
    heard.group.say(WANG, "家里的事")
    assert (heard.last.group, heard.last.addressed) == (WANG.ref, True)


@pytest.mark.parametrize(("date", "at"), [(0, EARLIEST), (9_999_999_999, NOW)])
def test_a_time_out_of_range_is_clipped(heard, date, at):
    raw = {"message_id": 1, "date": date, "chat": heard.group.chat(), "from": WANG.wire(), "text": "a"}
    assert translate({"update_id": 1, "message": raw}, ME, NOW).at == at


def test_lone_surrogates_are_made_safe_and_pairs_are_joined(heard):
    heard.group.say(WANG, "a", extra={"text": "坏\ud83d\ude00了\ud83d"})
    assert heard.last.text == "坏😀了\ufffd"


def test_a_press_is_heard_with_the_real_person(heard):
    said = heard.group.say(BOT, "好了吗?")
    heard.group.press_data(WANG, said, "token")
    press = heard.last
    assert press == Press(
        "telegram:-1001", press.id, WANG.ref, "王阿姨", Role.RESIDENT, NOW, "token", str(said.id)
    )


def test_a_press_on_an_inaccessible_message_still_has_its_group():
    message = {"chat": {"id": -1001, "type": "supergroup", "title": "x"}, "message_id": 5, "date": 0}
    query = {"id": "1", "from": WANG.wire(), "chat_instance": "1", "data": "d", "message": message}
    press = translate({"update_id": 1, "callback_query": query}, ME, NOW)
    assert (press.group, press.message) == ("telegram:-1001", "5")
    del query["message"]
    assert translate({"update_id": 1, "callback_query": query}, ME, NOW) is None


@pytest.mark.parametrize(
    ("before", "after", "hears_all"),
    [
        ("left", "member", False),
        ("kicked", "administrator", True),
        ("member", "administrator", True),
        ("administrator", "member", False),
    ],
)
def test_coming_in_and_changing_rights_is_a_joined(heard, before, after, hears_all):
    heard.group.bot_status = before
    heard.group.set_bot(after)
    assert heard.last == Joined("telegram:-1001", "阳光花园3号楼", heard.last.at, hears_all)


@pytest.mark.parametrize(("before", "after"), [("left", "kicked"), ("administrator", "administrator")])
def test_what_does_not_change_our_place_is_nothing(heard, before, after):
    heard.group.bot_status = before
    heard.group.set_bot(after)
    assert heard.last is None


def test_a_bot_without_privacy_mode_hears_all_as_a_member(heard):
    assert translate(heard.raw[-1], Me(ME.id, ME.username, hears_all=True), NOW).hears_all


def test_a_poison_update_is_named_by_its_number_and_not_by_its_text():
    raw = {"update_id": 77, "message": {"text": "身份证 310101", "date": "yesterday", "chat": 5}}
    with pytest.raises(ValueError) as caught:
        translate(raw, ME, NOW)
    assert "77" in str(caught.value)
    assert "310101" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("raw", "group"),
    [
        ({"message": {"chat": {"id": -5}}}, "telegram:-5"),
        ({"callback_query": {"message": {"chat": {"id": -6}}}}, "telegram:-6"),
        ({"callback_query": {"message": None}}, "telegram:unknown"),
        ({"message": {"chat": {"id": True}}}, "telegram:unknown"),
        ({"message": {"chat": {"id": "-5"}}}, "telegram:unknown"),
        ([], "telegram:unknown"),
    ],
)
def test_the_group_is_dug_out_without_parsing(raw, group):
    assert group_of(raw) == group


# --- whatever comes ---

NAMES = [
    "update_id",
    "message",
    "edited_message",
    "callback_query",
    "my_chat_member",
    "chat_member",
    "message_id",
    "date",
    "chat",
    "id",
    "type",
    "title",
    "from",
    "is_bot",
    "first_name",
    "last_name",
    "text",
    "entities",
    "offset",
    "length",
    "caption",
    "photo",
    "width",
    "height",
    "file_id",
    "file_unique_id",
    "file_size",
    "mime_type",
    "video",
    "voice",
    "document",
    "animation",
    "sticker",
    "location",
    "latitude",
    "longitude",
    "venue",
    "address",
    "reply_to_message",
    "quote",
    "sender_chat",
    "is_automatic_forward",
    "author_signature",
    "data",
    "message_thread_id",
    "is_topic_message",
    "old_chat_member",
    "new_chat_member",
    "status",
    "user",
    "media_group_id",
    "edit_date",
    "caption_entities",
]
LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["supergroup", "private", "member"])
    | st.text(st.characters(categories=["Cs"]), min_size=1, max_size=3)
)  # fmt: skip
JSONISH = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=8),
    max_leaves=25,
)


def check(raw) -> None:
    try:
        heard = translate(raw, ME, NOW)
    except ValueError:
        return
    if isinstance(heard, Message):
        assert EARLIEST <= heard.at <= NOW
        for words in (
            heard.text,
            heard.sender_name,
            heard.group_title,
            heard.group,
            heard.id,
            heard.quoted or "",
        ):
            words.encode("utf-8")


@given(st.dictionaries(st.sampled_from(NAMES) | st.text(), JSONISH))
@settings(max_examples=120, deadline=None)
def test_anything_at_all_is_understood_or_a_value_error(raw):
    check(raw)
    assert group_of(raw).startswith("telegram:")


GOOD = {"message_id": 5, "date": 1_700_000_000, "text": "/cases@linli_test_bot 3", "from": WANG.wire()}
GOOD |= {"chat": {"id": -1, "type": "supergroup", "title": "x"}, "caption": "c"}
GOOD |= {"entities": [{"type": "bot_command", "offset": 0, "length": 21}]}


@given(
    st.dictionaries(st.sampled_from([*NAMES, "is_bot"]), JSONISH, max_size=4),
    st.sampled_from(["message", "edited_message"]),
)
@settings(max_examples=120, deadline=None)
def test_a_good_message_with_odd_fields_is_understood_or_a_value_error(odd, kind):
    check({"update_id": 1, kind: {**GOOD, **odd}})


@given(
    st.sampled_from(["callback_query", "my_chat_member"]),
    st.dictionaries(st.sampled_from(NAMES), JSONISH, max_size=4),
)
@settings(max_examples=100, deadline=None)
def test_a_good_press_or_change_with_odd_fields_is_understood_or_a_value_error(kind, odd):
    change = {"old_chat_member": member_wire(BOT, "left"), "new_chat_member": member_wire(BOT, "member")}
    press = {"id": "1", "chat_instance": "1", "data": "d", "message": GOOD}
    check({"update_id": 1, kind: {**GOOD, **change, **press, **odd}})


def test_an_update_nested_beyond_reason_is_a_value_error():
    deep: dict[str, Any] = {}
    for _ in range(5000):
        deep = {"reply_to_message": deep}
    with pytest.raises(ValueError):
        translate({"update_id": 1, "message": deep}, ME, NOW)
