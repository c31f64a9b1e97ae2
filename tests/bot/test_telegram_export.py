"""Telegram Desktop's export: what the connector would have heard, or an error that names the message."""

import json
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from actions.message import Kind, Point, Role
from bot.history import HOME_ZONE, BadHistory
from bot.telegram_export import read_export
from bot.transcript import read_transcript
from tests.bot.exports import AT, CHAT, account, chat, said, service, write

TRANSCRIPTS = Path(__file__).parent.parent / "transcripts"
NOT_INCLUDED = "(File not included. Change data exporting settings to download.)"


def read(tmp_path, *rows, **more):
    return read_export(write(tmp_path, chat(*rows, **more)))


def one(tmp_path, *args, **more):
    (message,) = read(tmp_path, said(5, *args, **more)).messages
    return message


# --- one message --------------------------------------------------------------------------------------------


def test_a_text_message_is_what_the_connector_would_have_heard(tmp_path):
    history = read(tmp_path, said(5, "3号楼电梯又坏了"))
    (message,) = history.messages
    assert (history.group, history.title) == (f"telegram:-100{CHAT}", "阳光小区3号楼")
    assert (message.group, message.group_title) == (history.group, history.title)
    assert (message.id, message.sender, message.sender_name) == ("5", "telegram:17", "王阿姨")
    assert (message.kind, message.text, message.role) == (Kind.TEXT, "3号楼电梯又坏了", Role.RESIDENT)
    assert message.at == datetime.fromtimestamp(AT + 300, UTC)
    assert (message.reply_to, message.quoted, message.attachments, message.point) == (None, None, (), None)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ""),
        ("电梯坏了", "电梯坏了"),
        (["看 ", {"type": "link", "text": "https://a.cn"}, " 坏了"], "看 https://a.cn 坏了"),
        ([{"type": "bold", "text": "坏了"}, {"type": "text_link", "text": "这里", "href": "x"}], "坏了这里"),
        ([{"type": "mention_name", "text": "李姐", "user_id": 4}, "，电梯"], "李姐，电梯"),
        ("half \ud83c", "half \ufffd"),
    ],
)
def test_words_are_read_in_all_their_forms(tmp_path, text, words):
    path = tmp_path / "result.json"
    path.write_text(json.dumps(chat(said(5, text, photo=NOT_INCLUDED))), "utf-8")
    assert read_export(path).messages[0].text == words


def test_words_that_stand_in_the_entities_only_are_read(tmp_path):
    assert one(tmp_path, ..., text_entities=[{"type": "plain", "text": "电梯"}]).text == "电梯"


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"photo": NOT_INCLUDED}, Kind.PHOTO),
        ({"photo": "photos/photo_1@02-03-2026_08-00-00.jpg", "width": 1280, "height": 960}, Kind.PHOTO),
        ({"file": NOT_INCLUDED, "media_type": "voice_message", "mime_type": "audio/ogg"}, Kind.VOICE),
        ({"file": "a.mp3", "media_type": "audio_file", "mime_type": "audio/mpeg"}, Kind.VOICE),
        ({"file": NOT_INCLUDED, "media_type": "video_message", "mime_type": "video/mp4"}, Kind.VIDEO),
        ({"file": NOT_INCLUDED, "media_type": "video_file", "mime_type": "video/mp4"}, Kind.VIDEO),
        ({"file": NOT_INCLUDED, "media_type": "animation", "mime_type": "video/mp4"}, Kind.OTHER),
        ({"file": NOT_INCLUDED, "media_type": "sticker", "sticker_emoji": "👍"}, Kind.STICKER),
        ({"file": NOT_INCLUDED, "mime_type": "image/png", "file_name": "a.png"}, Kind.PHOTO),
        ({"file": NOT_INCLUDED, "mime_type": "application/pdf"}, Kind.OTHER),
    ],
)
def test_files_are_of_the_kind_that_the_connector_takes_them_for(tmp_path, fields, kind):
    message = one(tmp_path, "", **fields)
    assert message.kind is kind
    assert [attachment.kind for attachment in message.attachments] == [kind]


def test_a_location_a_live_location_and_a_venue(tmp_path):
    there = {"latitude": 31.2304, "longitude": 121.4737}
    history = read(
        tmp_path,
        said(1, "", location_information=there),
        said(2, "", location_information=there, live_location_period_seconds=900),
        said(3, "", place_name="阳光小区", address="幸福路 8 号", location_information=there),
    )
    assert [message.kind for message in history.messages] == [Kind.LOCATION] * 3
    assert {message.point for message in history.messages} == {Point(31.2304, 121.4737)}
    assert history.messages[2].text == "阳光小区 幸福路 8 号"


def test_of_a_contact_only_that_it_came_is_kept(tmp_path):
    who = {"first_name": "张", "last_name": "", "phone_number": "+8613800138000"}
    message = one(tmp_path, "", contact_information=who)
    assert (message.kind, message.text, message.attachments) == (Kind.OTHER, "", ())


@pytest.mark.parametrize(
    "unheard",
    [
        service(5, "pin_message", message_id=4),
        service(5, "invite_members", members=["张三", None]),
        service(5, "join_group_by_link", inviter=None),
        service(5, "migrate_from_group", title="旧群"),
        {"id": 5, "type": "unsupported"},
        said(5, "", poll={"question": "选谁?", "closed": False, "total_voters": 3, "answers": []}),
        said(5, "", game_title="2048"),
        said(5, ""),
        said(5, "/stats@other_bot", text_entities=[{"type": "bot_command", "text": "/stats@other_bot"}]),
    ],
)
def test_what_no_bot_hears_is_left_out_and_counted(tmp_path, unheard):
    history = read(tmp_path, said(1), unheard)
    assert [message.id for message in history.messages] == ["1"]
    assert history.left_out == {"unheard": 1}


def test_a_reply_brings_the_words_that_it_answers(tmp_path):
    first, second, third = read(
        tmp_path,
        said(1, "电梯坏了"),
        said(2, "我也是", reply_to_message_id=1),
        said(3, "别处", reply_to_message_id=1, reply_to_peer_id="channel9"),
    ).messages
    assert (first.reply_to, second.reply_to, second.quoted) == (None, "1", "电梯坏了")
    assert (third.reply_to, third.quoted) == (None, None)


def test_in_a_topic_the_first_message_is_no_reply(tmp_path):
    _, inside, answer, outside = read(
        tmp_path,
        said(1),
        service(2, "topic_created", title="报修"),
        said(3, "电梯坏了", reply_to_message_id=2),
        said(4, "我也是", reply_to_message_id=3),
        said(5, "早"),
    ).messages
    assert (inside.reply_to, inside.thread) == (None, "2")
    assert (answer.reply_to, answer.thread) == ("3", "2")
    assert outside.thread is None


def test_an_edited_message_counts_once_with_its_last_words_at_its_first_time(tmp_path):
    message = one(tmp_path, "3号楼", edited="2026-03-02T09:00:00", edited_unixtime=str(AT + 3600))
    assert (message.edited, message.at) == (False, datetime.fromtimestamp(AT + 300, UTC))


def test_pictures_of_one_person_and_one_second_are_an_album(tmp_path):
    same = {"date_unixtime": str(AT), "photo": NOT_INCLUDED}
    messages = read(
        tmp_path, said(1, "", **same), said(2, "看", **same), said(3, "", photo=NOT_INCLUDED), said(4)
    ).messages
    assert [message.album for message in messages] == ["1", "1", None, None]


@pytest.mark.parametrize(
    ("fields", "sender", "name"),
    [
        ({"from": None}, "telegram:17", ""),
        ({"from_id": "channel99"}, "telegram:-10099", "王阿姨"),
        ({"from_id": "chat99"}, "telegram:-99", "王阿姨"),
        ({"from_id": 4242}, "telegram:4242", "王阿姨"),
        ({"from_id": ...}, "telegram:王阿姨", "王阿姨"),
        ({"from": ..., "from_id": ...}, "telegram:unknown", ""),
        ({"from_id": {"a": 1}}, "telegram:王阿姨", "王阿姨"),
        ({"from": "李四", "forwarded_from": "别人", "saved_from": "x"}, "telegram:17", "李四"),
    ],
)
def test_who_says_it(tmp_path, fields, sender, name):
    message = one(tmp_path, **fields)
    assert (message.sender, message.sender_name, message.role) == (sender, name, Role.RESIDENT)


def test_who_speaks_as_the_group_is_its_administrator(tmp_path):
    message = one(tmp_path, **{"from": "阳光小区3号楼", "from_id": f"channel{CHAT}"})
    assert message.role is Role.WORKER


def test_what_the_linked_channel_posts_is_official(tmp_path):
    message = one(tmp_path, **{"from": "街道发布", "from_id": "channel7", "forwarded_from": "街道发布"})
    assert message.role is Role.OFFICIAL


def test_whoever_puts_buttons_under_his_words_is_a_bot(tmp_path):
    buttons = [[{"type": "callback", "text": "OK", "dataBase64": "", "data": ""}]]
    bot = {"from": "接龙助手", "from_id": "user99"}
    history = read(
        tmp_path,
        said(1, "欢迎", **bot),
        said(2, "请确认", inline_bot_buttons=buttons, **bot),
        said(3, "投票", inline_bot_buttons=buttons, via_bot="@vote"),
        said(4, "好的", reply_to_message_id=2),
    )
    assert [message.id for message in history.messages] == ["3", "4"]
    assert history.messages[1].quoted == "请确认"
    assert history.left_out == {"bot": 2}
    assert history.via == {"3": "@vote"}


# --- times --------------------------------------------------------------------------------------------------


def test_an_old_export_has_local_times_of_the_zone(tmp_path):
    path = write(tmp_path, chat(said(5, date_unixtime=..., date="2020-03-02T08:05:00")))
    berlin = read_export(path, ZoneInfo("Europe/Berlin")).messages[0]
    assert read_export(path).messages[0].at == datetime(2020, 3, 2, 0, 5, tzinfo=UTC)
    assert berlin.at == datetime(2020, 3, 2, 7, 5, tzinfo=UTC)


def test_the_moment_counts_where_it_stands_beside_the_local_time(tmp_path):
    message = one(tmp_path, date="2026-03-02T01:05:00")
    assert message.at == datetime.fromtimestamp(AT + 300, UTC)


# --- the file -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "group"),
    [
        ("private_supergroup", "telegram:-1007"),
        ("public_supergroup", "telegram:-1007"),
        ("private_group", "telegram:-7"),
        ("public_channel", "telegram:-1007"),
        ("personal_chat", "telegram:7"),
    ],
)
def test_the_group_has_the_id_that_linli_toml_knows_it_by(tmp_path, kind, group):
    assert read(tmp_path, said(1), kind=kind, number=7).group == group


def test_the_chat_may_be_told_of_after_its_messages(tmp_path):
    told = chat(said(1), said(2, from_id=f"channel{CHAT}"))
    path = write(tmp_path, {key: told[key] for key in ("messages", "type", "name", "id")})
    history = read_export(path)
    assert history.group == f"telegram:-100{CHAT}"
    assert [message.role for message in history.messages] == [Role.RESIDENT, Role.WORKER]


TWO = (
    chat(said(1, "一"), name="一号楼", number=1),
    chat(said(2, "二"), said(3, "三"), name="二号楼", number=2),
)


@pytest.mark.parametrize("wanted", ["二号楼", "2", "-1002", "telegram:-1002"])
def test_a_chat_of_an_account_is_chosen_by_name_or_id(tmp_path, wanted):
    history = read_export(write(tmp_path, account(*TWO)), wanted=wanted)
    assert (history.title, [message.text for message in history.messages]) == ("二号楼", ["二", "三"])


def test_a_chat_that_was_left_can_be_chosen(tmp_path):
    assert read_export(write(tmp_path, account(left=TWO)), wanted="1").title == "一号楼"


@pytest.mark.parametrize("wanted", [None, "三号楼"])
def test_the_chats_are_listed_where_none_is_chosen(tmp_path, wanted):
    with pytest.raises(BadHistory) as fault:
        read_export(write(tmp_path, account(*TWO)), wanted=wanted)
    assert "  1  一号楼 (private_supergroup, 1)\n  2  二号楼 (private_supergroup, 2)" in str(fault.value)
    assert "--chat" in str(fault.value) or "no chat is called so" in str(fault.value)


def test_two_chats_of_one_name_are_told_apart_by_id(tmp_path):
    twins = (chat(said(1), number=1), chat(said(1), number=2))
    with pytest.raises(BadHistory, match="2 chats are called so"):
        read_export(write(tmp_path, account(*twins)), wanted="阳光小区3号楼")


def test_saved_messages_have_no_name(tmp_path):
    saved = {"type": "saved_messages", "id": 1, "messages": [said(1)]}
    with pytest.raises(BadHistory, match="1  — \\(saved_messages, 1\\)"):
        read_export(write(tmp_path, account(saved)))


def test_control_characters_as_telegram_writes_them_are_read(tmp_path):
    text = json.dumps(chat(said(1, "a\x1fb\\x41")), ensure_ascii=False, indent=1).replace("\\u001f", "\\x1F")
    assert "\\x1F" in text
    assert read_export(write(tmp_path, text)).messages[0].text == "a\x1fb\\x41"


def test_an_export_of_many_blocks_is_read_whole(tmp_path):
    rows = [said(n, "电梯坏了😀" * 40) for n in range(1, 4001)]
    path = write(tmp_path, chat(*rows))
    assert path.stat().st_size > 3_000_000
    messages = read_export(path).messages
    assert [message.id for message in messages] == [str(n) for n in range(1, 4001)]
    assert {message.text for message in messages} == {"电梯坏了😀" * 40}


FORMS = {
    "photo": {"photo": NOT_INCLUDED},
    "video": {"file": NOT_INCLUDED, "media_type": "video_file"},
    "voice": {"file": NOT_INCLUDED, "media_type": "voice_message"},
    "sticker": {"file": NOT_INCLUDED, "media_type": "sticker"},
    "location": {"location_information": {"latitude": 31.0, "longitude": 121.0}},
}


def exported(row, zone):
    """The message of a transcript, as Telegram would have exported it."""
    at = datetime.fromisoformat(row["at"]).replace(tzinfo=zone)
    who = {"from": row["sender"], "from_id": f"user{1 + sum(row['sender'].encode())}"}
    reply_to = {"reply_to_message_id": row["reply_to"]} if row["reply_to"] else {}
    moment = {"date": row["at"], "date_unixtime": str(int(at.timestamp()))}
    return said(row["id"], row["text"], **who, **moment, **reply_to, **FORMS.get(row["kind"], {}))


@pytest.mark.parametrize("path", sorted(TRANSCRIPTS.glob("*.jsonl")), ids=lambda path: path.stem)
def test_the_same_group_is_the_same_in_both_formats(tmp_path, path):
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    told = read_export(write(tmp_path, chat(*(exported(row, HOME_ZONE) for row in rows)))).messages
    written = [one for one in read_transcript(path).messages if one.kind is not Kind.TEXT or one.text]
    for ours, theirs in zip(told, written, strict=True):
        assert (ours.id, ours.sender_name, ours.kind) == (theirs.id, theirs.sender_name, theirs.kind)
        assert (ours.text, ours.at, ours.reply_to) == (theirs.text, theirs.at, theirs.reply_to)


SECRET = "王阿姨电话13800138000"


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (said(2, SECRET, id=...), "the field 'id' is missing"),
        (said(2, SECRET) | {"id": "two"}, "the field 'id' is no number"),
        (said(2, SECRET) | {"id": True}, "the field 'id' is no number"),
        (said(2, SECRET, date=..., date_unixtime=...), "the field 'date' is missing"),
        (said(2, SECRET, date=SECRET, date_unixtime=...), "'date' is no date"),
        (said(2, SECRET, date_unixtime="soon"), "'date' is no date"),
        (said(2, SECRET, date_unixtime="99999999999999999"), "'date' is no date"),
        (said(2, SECRET, date_unixtime="0"), "'date' is no date"),
        (said(2, [1, SECRET]), "'text' is neither"),
        (said(2, 5, text_entities=[]), "'text' is neither"),
        (said(2, SECRET, location_information={"latitude": 91, "longitude": 0}), "no degrees"),
        (said(2, SECRET, location_information={"latitude": "x"}), "no degrees"),
        ([SECRET], "no JSON object"),
        (None, "no JSON object"),
    ],
)
def test_a_broken_message_is_named_and_not_quoted(tmp_path, bad, why):
    with pytest.raises(BadHistory, match=r"result.json message 2 \(line \d+\): ") as fault:
        read(tmp_path, said(1), bad)
    assert why in str(fault.value)
    assert "export the chat again" in str(fault.value)
    assert "王阿姨" not in str(fault.value)
    assert "138" not in str(fault.value)


def test_a_file_that_breaks_off_says_where(tmp_path):
    whole = json.dumps(chat(said(1), said(2, SECRET)), ensure_ascii=False, indent=1)
    with pytest.raises(BadHistory, match=r"message 2 \(line \d+\): the file breaks off here") as fault:
        read_export(write(tmp_path, whole[: whole.index("电话")]))
    assert "王阿姨" not in str(fault.value)


def test_a_file_that_is_no_json_says_at_which_line(tmp_path):
    whole = json.dumps(chat(said(1), said(2, SECRET)), ensure_ascii=False, indent=1)
    line = whole[: whole.index(SECRET)].count("\n") + 1
    broken = whole.replace(f'"text": "{SECRET}"', f'"text": {SECRET}', 1)
    with pytest.raises(BadHistory, match=rf"message 2 \(line {line}\): this is no JSON") as fault:
        read_export(write(tmp_path, broken))
    assert "王阿姨" not in str(fault.value)


@pytest.mark.parametrize("text", ["", "[]", "null", "{", '{"name": 1', '{"messages": {}}', "{}", "[" * 9999])
def test_what_is_no_export_is_refused(tmp_path, text):
    with pytest.raises(BadHistory, match=r"result\.json"):
        read_export(write(tmp_path, text))


def test_bytes_that_are_no_text_are_named(tmp_path):
    path = tmp_path / "result.json"
    path.write_bytes(b'{\n "name": "\xff\xfe", "messages": []}')
    with pytest.raises(BadHistory, match=r"line 2: this is not UTF-8 text"):
        read_export(path)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
FIELDS = (
    "id", "type", "date", "date_unixtime", "from", "from_id", "text", "text_entities", "photo", "file", "media_type",
    "mime_type", "location_information", "place_name", "contact_information", "poll", "via_bot", "action", "topic_id",
    "reply_to_message_id", "reply_to_peer_id", "forwarded_from", "saved_from", "inline_bot_buttons", "media_group_id",
)  # fmt: skip
ROWS = st.lists(JSON | st.dictionaries(st.sampled_from(FIELDS), JSON).map(lambda d: said(5) | d), max_size=3)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.binary(max_size=60)
    | ROWS.map(lambda rows: json.dumps(chat(*rows)).encode())
    | st.dictionaries(
        st.sampled_from(("name", "type", "id", "messages", "chats", "left_chats")),
        JSON
        | st.fixed_dictionaries({"list": st.lists(ROWS.map(lambda rows: chat(*rows)) | JSON, max_size=2)}),
    ).map(lambda told: json.dumps(told).encode()),
    st.none() | st.sampled_from((str(CHAT), "")),
)
def test_any_file_is_read_or_named(tmp_path_factory, content, wanted):
    path = tmp_path_factory.mktemp("e") / "result.json"
    path.write_bytes(content)
    with suppress(BadHistory):
        for message in read_export(path, wanted=wanted).messages:
            json.dumps([message.text, message.sender_name, message.group_title], ensure_ascii=False).encode()
            assert message.at.tzinfo
