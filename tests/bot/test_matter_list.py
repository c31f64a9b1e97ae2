"""The versions of the list: whole or not at all, never changed again, and loaded by every process without a restart."""

import subprocess
import sys
from dataclasses import replace

import pytest

from actions.errors import Refused
from bot.matter_list import SHIPPED, Matters, in_order
from bot.matter_rows import Held, written
from tests.actions.test_matters import matter

NIGHT = matter("environment.noise_construction.night")
DAY = matter("environment.noise_construction.day")
LIFT = matter("housing.elevator.trapped")
CONTESTED = Held(DAY.code, (DAY, replace(DAY, lead="公安")))


def test_without_a_home_the_shipped_list_is_in_force():
    now = Matters().in_force()
    assert now.version == SHIPPED
    assert len(now.matters) >= 300


def test_an_adopted_version_is_in_force_also_for_who_looked_before(tmp_path):
    other, ours = Matters(tmp_path), Matters(tmp_path)
    assert other.in_force().version == SHIPPED
    ours.adopt("2026.2", (NIGHT, LIFT))
    assert ours.in_force().matters == (NIGHT, LIFT)
    assert other.in_force().version == "2026.2"
    assert other.in_force() is other.in_force()


def test_an_import_of_another_process_is_loaded_without_a_restart(tmp_path):
    ours = Matters(tmp_path)
    assert ours.in_force().version == SHIPPED
    code = (
        "import sys, pathlib; from bot.matter_list import Matters, shipped; "
        "Matters(pathlib.Path(sys.argv[1])).adopt('2026.9', shipped().matters[:1])"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True, timeout=60)
    assert ours.in_force().version == "2026.9"


def test_an_old_version_stays_as_it_was(tmp_path):
    matters = Matters(tmp_path)
    matters.adopt("a", (NIGHT,))
    matters.adopt("b", (replace(NIGHT, lead="公安"),))
    assert matters.version("a").get(NIGHT.code) == NIGHT
    assert Matters(tmp_path).version("a").get(NIGHT.code) == NIGHT
    assert matters.versions() == (SHIPPED, "a", "b")


def test_a_version_is_never_written_over(tmp_path):
    matters = Matters(tmp_path)
    matters.adopt("a", (NIGHT,))
    with pytest.raises(Refused, match="choose another name"):
        matters.adopt("a", (LIFT,))
    with pytest.raises(Refused, match="choose another name"):
        matters.adopt(SHIPPED, (LIFT,))
    assert Matters(tmp_path).in_force().matters == (NIGHT,)


def test_an_import_that_was_cut_off_can_be_done_again(tmp_path):
    matters = Matters(tmp_path)
    matters.adopt("a", (NIGHT,))
    (tmp_path / "matters" / "in_force").unlink()
    matters.adopt("a", (NIGHT,))
    assert matters.in_force().version == "a"


@pytest.mark.parametrize("name", ["", "../a", "a/b", ".a", "a b", "a.contested", "第一版", "a" * 41, "a\n"])
def test_a_version_has_a_name_that_can_be_a_file(tmp_path, name):
    with pytest.raises(Refused, match="is no name for a version"):
        Matters(tmp_path).adopt(name, (NIGHT,))
    assert not list(tmp_path.rglob("*.csv"))


def test_the_version_before_can_be_put_in_force_again(tmp_path):
    matters = Matters(tmp_path)
    matters.adopt("a", (NIGHT,))
    matters.adopt("b", (LIFT,))
    matters.use("a")
    assert matters.in_force().version == "a"
    matters.use(SHIPPED)
    assert matters.in_force().version == SHIPPED
    with pytest.raises(Refused, match="no version c"):
        matters.use("c")


def test_a_version_that_cannot_be_read_is_not_taken_and_the_one_before_stays(tmp_path):
    matters = Matters(tmp_path)
    matters.adopt("a", (NIGHT,))
    matters.in_force()
    (tmp_path / "matters" / "in_force").write_text("nothing\n")
    assert matters.in_force().version == "a"
    with pytest.raises(Refused, match="no version nothing"):
        Matters(tmp_path).in_force()


def test_a_damaged_version_is_told_with_its_place(tmp_path):
    Matters(tmp_path).adopt("a", (NIGHT,))
    path = tmp_path / "matters" / "a.csv"
    path.write_text(path.read_text().replace("4h", "soon"))
    with pytest.raises(Refused, match=r"damaged: a.csv, row 2, resolve"):
        Matters(tmp_path).in_force()


def test_a_contested_matter_is_held_back_until_it_is_settled(tmp_path):
    matters = Matters(tmp_path)
    matters.adopt("2026.2", (NIGHT,), [CONTESTED])
    assert matters.in_force().get(DAY.code) is None
    assert matters.contested("2026.2") == (CONTESTED,)
    settled = matters.settle(DAY.code, "公安")
    assert settled.version == "2026.2.1"
    assert settled.get(DAY.code).lead == "公安"
    assert matters.contested("2026.2.1") == ()
    assert matters.contested("2026.2") == (CONTESTED,)
    assert matters.version("2026.2").get(DAY.code) is None


def test_each_settling_is_a_version_of_its_own(tmp_path):
    matters = Matters(tmp_path)
    other = Held(LIFT.code, (LIFT, replace(LIFT, lead="公安")))
    matters.adopt("v", (NIGHT,), [CONTESTED, other])
    matters.settle(DAY.code, DAY.lead)
    assert matters.contested("v.1") == (other,)
    assert matters.settle(LIFT.code, "公安").version == "v.2"


def test_settling_names_what_is_wrong(tmp_path):
    matters = Matters(tmp_path)
    matters.adopt("v", (NIGHT,), [CONTESTED])
    with pytest.raises(Refused, match="is claimed by 综合执法, 公安, not by 城管"):
        matters.settle(DAY.code, "城管")
    with pytest.raises(Refused, match="is not contested"):
        matters.settle(NIGHT.code, "公安")


def test_the_shipped_version_is_kept_for_the_day_when_another_one_ships(tmp_path):
    matters = Matters(tmp_path)
    matters.keep_shipped()
    assert (tmp_path / "matters" / f"{SHIPPED}.csv").read_text("utf-8") == written(
        Matters().in_force().matters
    )
    assert matters.in_force() == Matters().in_force()


def test_the_list_stands_in_the_order_of_the_categories_what_is_other_last():
    other = matter("environment.noise_construction.other")
    assert in_order((LIFT, other, NIGHT, DAY)) == (DAY, NIGHT, other, LIFT)
