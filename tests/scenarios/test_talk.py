"""People do not send reports, they talk: whole conversations through the trained model and the learnt linking."""

import json

import pytest

from bot.settings import Settings
from bot.transcript import read_transcript
from bot.wiring import replaying
from connectors.nlu import RasaNlu

THE_POWER_GOES = [
    ("01", "小王", "text", "今晚吃啥"),
    ("02", "王阿姨", "text", "又停电了"),
    ("02", "李叔", "text", "哪栋?"),
    ("03", "王阿姨", "text", "5栋整栋"),
    ("04", "王阿姨", "photo", ""),
    ("05", "赵姐", "text", "我们6栋也是"),
    ("15", "李叔", "text", "来电了"),
    ("22", "王阿姨", "text", "又没了"),
    ("23", "小王", "text", "红烧肉走起"),
]
FIVE_BUILDINGS = [
    ("01", "a", "text", "1栋停电了"),
    ("02", "b", "text", "3栋也停了"),
    ("03", "c", "text", "停电了？我们5栋全黑"),
    ("04", "d", "text", "7栋没电了 有人知道怎么回事吗"),
    ("06", "e", "text", "9栋停电，电梯里还有人没有"),
]
TWO_LIFTS = [
    ("01", "a", "text", "3栋电梯坏了"),
    ("05", "b", "text", "7栋电梯也坏了"),
    ("09", "c", "text", "3栋的电梯又停了"),
]

SIGNED = [
    ("6号楼水管爆了 电话13812345678", "6号楼"),
    ("15栋203屋顶漏水 户主身份证330106198805123456", "15栋203"),
    ("联系人李强 13511223344 9栋楼顶防水坏了 家里漏雨", "9栋楼顶"),
    ("消防通道又被堵了，车牌 浙A·8K6T2，4栋北侧", "消防通道 4栋北侧"),
    ("16栋电梯按钮失灵 邮箱wangfang@example.com", "16栋电梯"),
    ("Street light out near the south gate tel 13812345678", "south gate"),
]


async def cases_of(nlu, tmp_path, talk):
    usual = {"role": "resident", "reply_to": None}
    rows = [
        usual | {"id": n, "at": f"2026-03-02T19:{minute}:00", "sender": who, "kind": kind, "text": text}
        for n, (minute, who, kind, text) in enumerate(talk, 1)
    ]
    path = tmp_path / "talk.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), "utf-8")
    history, client = read_transcript(path), RasaNlu(nlu)
    try:
        return (await replaying(Settings(), client, history).run(history.messages)).cases
    finally:
        await client.close()


async def test_one_problem_is_one_case_however_many_people_and_messages_it_takes(nlu, tmp_path):
    (case,) = await cases_of(nlu, tmp_path, THE_POWER_GOES)
    assert (case.category, case.place) == ("utilities.power", "5栋")
    assert [message for message, _ in case.messages] == ["2", "4", "5", "6", "7", "8"]
    assert dict(case.messages)["6"] == "second"
    assert dict(case.messages)["7"] == "resolved"
    assert len(case.attachments) == 1


async def test_one_power_cut_told_from_five_buildings_is_one(nlu, tmp_path):
    (case,) = await cases_of(nlu, tmp_path, FIVE_BUILDINGS)
    assert len(case.messages) == 5


async def test_a_lift_in_another_building_is_another_case(nlu, tmp_path):
    one, other = await cases_of(nlu, tmp_path, TWO_LIFTS)
    assert (one.place, other.place) == ("3栋", "7栋")
    assert [message for message, _ in one.messages] == ["1", "3"]


@pytest.mark.parametrize(("text", "place"), SIGNED)
async def test_a_report_that_is_signed_with_a_number_is_a_case_of_its_own(nlu, tmp_path, text, place):
    talk = [("01", "a", "text", "1栋停电了"), ("03", "c", "text", "晚上吃啥"), ("06", "b", "text", text)]
    _, own = await cases_of(nlu, tmp_path, talk)
    assert ([message for message, _ in own.messages], own.place) == (["3"], place)


async def test_a_number_by_itself_belongs_to_the_report_of_who_says_it(nlu, tmp_path):
    talk = [("01", "a", "text", "6号楼水管爆了，到处是水"), ("02", "a", "text", "电话13812345678")]
    (case,) = await cases_of(nlu, tmp_path, talk)
    assert case.messages == (("1", "report"), ("2", "detail"))
