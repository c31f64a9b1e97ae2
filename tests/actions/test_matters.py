"""The list and its matters: what holds when, what differs between two versions, what a case keeps."""

from dataclasses import replace
from datetime import date

from actions.assignment import Secrecy
from actions.levels import Level
from actions.limits import Limit
from actions.matters import Matter, MatterList, diff

DAY = date(2026, 3, 2)


def matter(code, **more):
    given = {
        "name_zh": "夜间施工噪声",
        "name_en": "noise at night",
        "category": code.rpartition(".")[0],
        "lead": "综合执法",
        "level": Level.STREET,
        "respond": Limit.parse("30m"),
        "resolve": Limit.parse("4h"),
        "begins": date(2026, 1, 1),
    }
    return Matter(code=code, **given | more)


def test_a_matter_holds_from_its_first_day_to_its_last():
    one = matter("a.b.c", begins=DAY, ends=DAY)
    assert [one.in_effect(date(2026, 3, day)) for day in (1, 2, 3)] == [False, True, False]
    assert matter("a.b.c", begins=DAY).in_effect(date.max)


def test_a_category_has_only_the_matters_of_the_day():
    gone, now = matter("a.b.c", ends=date(2026, 2, 1)), matter("a.b.d")
    listed = MatterList("1", (gone, now, matter("a.x.c")))
    assert listed.of_category("a.b", DAY) == (now,)
    assert listed.of_category("no.such", DAY) == ()


def test_a_matter_that_is_over_is_still_known_by_its_code():
    gone = matter("a.b.c", ends=date(2026, 2, 1))
    assert MatterList("1", (gone,)).get("a.b.c") == gone
    assert MatterList("1", ()).get("a.b.c") is None


def test_a_matter_without_an_english_name_goes_by_its_chinese_one():
    one = matter("a.b.c", name_en="")
    assert (one.name("en"), one.name("zh_CN"), matter("a.b.c").name("en")) == (
        one.name_zh,
        one.name_zh,
        "noise at night",
    )


def test_two_versions_differ_by_what_is_added_removed_and_changed():
    kept, gone, new = matter("a.b.c"), matter("a.b.d"), matter("a.b.e")
    moved = replace(matter("a.b.f"), lead="城市管理", level=Level.CITY)
    found = diff(MatterList("1", (kept, gone, matter("a.b.f"))), MatterList("2", (kept, moved, new)))
    assert (found.added, found.removed) == ((new,), (gone,))
    assert [(one.new, one.what) for one in found.changed] == [(moved, ("lead", "level"))]
    assert not diff(MatterList("1", (kept,)), MatterList("2", (kept,)))


def test_a_case_keeps_unit_limits_and_version_of_its_matter():
    kept = matter("a.b.c", assisting=("公安",), secrecy=Secrecy.INTERNAL).assigned("2026.1")
    assert (kept.matter, kept.list_version, kept.unit, kept.assisting) == (
        "a.b.c",
        "2026.1",
        "综合执法",
        ("公安",),
    )
    assert (str(kept.respond), str(kept.resolve), kept.level, kept.secrecy) == (
        "30m",
        "4h",
        Level.STREET,
        Secrecy.INTERNAL,
    )
