"""What the check finds beyond single lines: repeated texts, odd places, numbers of people, transcripts that are thin."""

import json
import subprocess
import sys

import examples
import inspection
import pytest
from conftest import written

LONG = "本小区今天夜里停水请提前储水"


def told(text, *places, intent="chatter", source="zh/some.tsv:2"):
    return examples.Example(text, intent, "", "", places, "zh", source)


def row(number, text, intent="chatter", **more):
    return {
        "id": number, "at": "2026-03-02T07:41:00", "sender": "王", "role": "resident", "reply_to": None,
        "kind": "text", "text": text, "intent": intent, "category": None, "location": [], "urgency": None,
        "refers_to": None,
    } | more  # fmt: skip


def transcript(folder, *rows):
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "zh_some.jsonl"
    path.write_text("\n".join(json.dumps(one, ensure_ascii=False) for one in rows), encoding="utf-8")
    return folder


@pytest.mark.parametrize("place", ["3号楼 ", "，3号楼", "“老船长”酒馆", "东门。", "-B1"])
def test_a_place_begins_and_ends_with_a_letter_or_digit(place):
    (said,) = inspection.faults_of(told(place + "见", (0, len(place))))
    assert "a blank or a sign" in said


@pytest.mark.parametrize("place", ["3#", "#05-112", "5号楼(东)", "解放路（中山街至新华街段）", "东", "2/2"])
def test_signs_that_belong_to_a_place_are_no_fault(place):
    assert list(inspection.faults_of(told(place + "见", (0, len(place))))) == []


def test_places_of_more_than_forty_letters_are_named():
    (said,) = inspection.faults_of(told("路" * 41, (0, 41)))
    assert "more than 40 letters" in said
    assert list(inspection.faults_of(told("路" * 40, (0, 40)))) == []


def test_reports_of_more_than_four_hundred_letters_are_named_and_long_chatter_is_not():
    assert len(list(inspection.faults_of(told("水" * 401, intent="report")))) == 1
    assert list(inspection.faults_of(told("水" * 401))) == []


@pytest.mark.parametrize(
    "number", ["13912345678", "１３９１２３４５６７８", "11010519491231002X", "110105194912310021"]
)
def test_numbers_of_people_are_a_fault_that_does_not_repeat_them(number):
    (said,) = inspection.faults_of(told(f"找我{number}"))
    assert number not in said


def test_no_other_fault_shows_the_number_of_a_person():
    first, again = told(f"13912345678{LONG}", source="a.tsv:1"), told(f"13912345678{LONG}", source="a.tsv:2")
    (said,) = inspection.repeated([first, again])
    assert "13912345678" not in said


@pytest.mark.parametrize("number", ["12345", "02012345678", "139123456789", "20260302074100"])
def test_other_numbers_are_no_fault(number):
    assert list(inspection.faults_of(told(f"单号{number}"))) == []


def test_one_text_in_two_files_is_a_fault_of_the_later():
    first, second = told(LONG, source="zh/a.tsv:2"), told(LONG + "！", source="zh/b.jsonl:9")
    (said,) = inspection.repeated([first, second])
    assert said.startswith("zh/b.jsonl:9: says nearly the same as zh/a.tsv:2")


def test_a_text_of_the_test_transcripts_is_a_fault_of_the_data():
    (said,) = inspection.repeated([told(LONG)], [told(LONG, source="tests/zh_t.jsonl:1")])
    assert said.startswith("zh/some.tsv:2: says nearly the same as tests/zh_t.jsonl:1")


def test_the_test_transcripts_may_repeat_themselves():
    asked = [told(LONG, source="tests/zh_t.jsonl:1"), told(LONG, source="tests/zh_u.jsonl:1")]
    assert list(inspection.repeated([], asked)) == []


def test_a_notice_forwarded_again_in_its_group_is_no_fault_but_a_changed_one_is():
    first, again = told(LONG, source="t/zh_a.jsonl:1"), told(LONG, source="t/zh_a.jsonl:7")
    assert list(inspection.repeated([first, again])) == []
    changed = told("【2】" + LONG, source="t/zh_a.jsonl:7")
    assert len(list(inspection.repeated([first, changed]))) == 1


def test_a_list_that_each_signs_may_grow_in_its_group():
    signed = "接龙 本周六上午社区志愿者清理河边垃圾报名\n1.张阿姨\n2.李师傅\n3."
    first, again = told(signed, source="t/zh_a.jsonl:1"), told(signed + "王叔", source="t/zh_a.jsonl:2")
    assert list(inspection.repeated([first, again])) == []


def test_one_tsv_file_may_not_hold_a_text_twice():
    first, again = told(LONG, source="zh/a.tsv:1"), told(LONG, source="zh/a.tsv:7")
    assert len(list(inspection.repeated([first, again]))) == 1


def test_short_transcripts_and_those_with_little_chatter_are_warned_of():
    few = [told("早", source=f"t/zh_few.jsonl:{n}") for n in range(119)]
    busy = [
        told("早", intent="urge" if n < 61 else "chatter", source=f"t/zh_busy.jsonl:{n}") for n in range(120)
    ]
    fewer, less = inspection.warnings_of([*few, *busy, told("早")])
    assert "zh_few.jsonl: 119 messages" in fewer
    assert "zh_busy.jsonl: 59 of 120" in less


def test_the_check_ends_with_1_on_faults_and_with_0_on_warnings(tmp_path, capsys):
    data = written(tmp_path / "data", f"chatter\t\t\t{LONG}\n")
    transcript(data / "transcripts", row(1, "早上好"))
    assert inspection.main(["check", "--data", str(data), "--held-out", str(tmp_path / "none")]) == 0
    assert "warning: " in capsys.readouterr().err
    asked = transcript(tmp_path / "asked", row(1, LONG))
    assert inspection.main(["check", "--data", str(data), "--held-out", str(asked)]) == 1
    assert "says nearly the same as" in capsys.readouterr().err


def test_the_command_names_faults_of_transcripts(tmp_path):
    data = written(tmp_path / "data", "chatter\t\t\t早\n")
    transcript(data / "transcripts", row(7, "早上好"))
    command = [sys.executable, "-m", "examples", "check", "--data", str(data)]
    ran = subprocess.run(command, cwd=examples.HERE, capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == 1
    assert "id 7 is not 1" in ran.stderr


def test_the_shipped_data_passes_the_whole_check(capsys):
    assert inspection.main(["check"]) == 0
    assert [line for line in capsys.readouterr().err.splitlines() if not line.startswith("warning: ")] == []
