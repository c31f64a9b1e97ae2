"""The hierarchy in linli.toml and in a spreadsheet: read into the same tables, every fault with its line."""

import shutil
from pathlib import Path

import pytest
from openpyxl import Workbook

from actions.levels import Level
from bot.grids import Grids
from bot.settings import SettingsError, load

ROOT = Path(__file__).parent.parent.parent
NAMED = 'port = 1\nhierarchy = "hierarchy.csv"\n'
TITLES = "kind,id,name,level,parent,roles,people,groups,unit\n"
SOUND = """\
area,lin,临江市,city,,,telegram:1 周主任,,
area,wang,望江街道,街道,lin,,,,
unit,cg,城管办,,wang,城市管理；市容,telegram:9,,
grid,g1,一网格,,wang,,telegram:42 小李,web:a,cg
"""


def put(folder: Path, rows: str, toml: str = NAMED) -> Path:
    (folder / "hierarchy.csv").write_text(rows, "utf-8")
    path = folder / "linli.toml"
    path.write_text(toml, "utf-8")
    return path


def faults(folder: Path, rows: str, toml: str = NAMED) -> list[str]:
    with pytest.raises(SettingsError) as error:
        load({}, put(folder, rows, toml))
    return str(error.value).splitlines()


def test_the_example_is_sound(tmp_path):
    shutil.copy(ROOT / "docs" / "hierarchy.csv", tmp_path)
    (tmp_path / "linli.toml").write_text(NAMED, "utf-8")
    grids = Grids(load({}, tmp_path / "linli.toml"))
    group = "telegram:-1001234567891"
    assert grids.area_of(group) == "chunfeng"
    assert [area.name for area in grids.hierarchy.chain("chunfeng")] == [
        "春风里社区",
        "望江街道",
        "东湖区",
        "临江市",
    ]
    assert grids.worker_ids(group) == {"telegram:42", "telegram:43"}
    assert grids.supervisors_of(group, Level.STREET) == (("telegram:9004", "陈主任"),)
    assert grids.unit_for(group, "市容环境", Level.COMMUNITY).workers == (("telegram:9101", "蒋队"),)
    assert grids.unit_for("web:elsewhere", "市容环境", Level.COMMUNITY) is None
    assert grids.community_of(group) == "community:春风里社区"


def test_a_spreadsheet_and_the_file_are_one_hierarchy(tmp_path):
    toml = NAMED + '[[area]]\nid = "chun"\nname = "春"\nlevel = "community"\nparent = "wang"\n'
    toml += '[[grid]]\nid = "g2"\nname = "二"\narea = "chun"\nworkers = ["telegram:7"]\n'
    more = "worker,telegram:42,小李,,g2；cg,,,,\nsupervisor,telegram:5,冯,,chun,,,,\ngroup,web:b,,,g2,,,,\n"
    settings = load({}, put(tmp_path, TITLES + SOUND + more, toml))
    grid = settings.grid("g2")
    assert [worker.id for worker in grid.workers] == ["telegram:7", "telegram:42"]
    assert grid.groups == ("web:b",)
    assert [area.id for area in settings.tree().chain("chun")] == ["chun", "wang", "lin"]
    assert settings.tree().supervisors("chun", Level.COMMUNITY) == (("telegram:5", "冯"),)
    assert [worker.id for worker in settings.units[0].workers] == ["telegram:9", "telegram:42"]


def test_an_excel_file_names_its_rows(tmp_path):
    book = Workbook()
    for line in ("", *(TITLES + SOUND).splitlines(), "grid,g2,二,,nowhere,,telegram:7,,"):
        book.active.append(line.split(","))
    book.save(tmp_path / "h.xlsx")
    (tmp_path / "linli.toml").write_text('hierarchy = "h.xlsx"', "utf-8")
    with pytest.raises(SettingsError, match=r"^h\.xlsx row 7: parent: there is no area nowhere"):
        load({}, tmp_path / "linli.toml")


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("area,wang,又一个,street,lin,,,,", "id: there is an area wang above"),
        ("area,x,某区,district,nowhere,,,,", "parent: there is no area nowhere"),
        ("area,x,某区,district,wang,,,,", "level: district is not below wang"),
        ("area,x,某区,galaxy,lin,,,,", "level: input should be 'community', 'street', 'district' or 'city'"),
        ("area,x,某区,,lin,,,,", "level: this key is needed"),
        ("area,x,某区,district,x,,,,", "parent: an area above itself (x → x)"),
        ("area,x,,district,lin,,,,", "name: this key is needed"),
        ("area,x,某区,district,lin,,telegram:1；telegram:1,,", "people: worker telegram:1 is named twice"),
        ("area,x,某区,district,lin,,周主任,,", "people: must be an id with its platform"),
        ("unit,cg,又一个,,lin,,,,", "id: there is a unit cg above"),
        ("unit,x,某局,,nowhere,,,,", "parent: there is no area nowhere"),
        ("unit,x,某局,,,,,,", "parent: this key is needed"),
        ("grid,g1,又一个,,wang,,telegram:7,,", "id: there is a grid g1 above"),
        ("grid,x,某网格,,nowhere,,telegram:7,,", "parent: there is no area nowhere"),
        ("grid,x,某网格,,wang,,,,", "people: a grid of an area needs a worker"),
        ("grid,x,某网格,,wang,,telegram:7、telegram:7,,", "people: worker telegram:7 is named twice"),
        ("grid,x,某网格,,wang,,telegram:7,,cj", "unit: there is no unit cj"),
        ("grid,x,某网格,,wang,,telegram:7,web:a,", "groups: group web:a is in grid g1 already"),
        ("grid,x,某网格,street,wang,,telegram:7,,", "level: it means nothing for a grid"),
        ("worker,telegram:42,,,g1,,,,", "id: worker telegram:42 is in g1 already"),
        ("worker,telegram:7,,,g9,,,,", "parent: there is no grid or unit g9"),
        ("worker,telegram:7,,,,,,,", "parent: say to what this worker belongs"),
        ("worker,,小李,,g1,,,,", "id: this cell is needed"),
        ("worker,42,,,g1,,,,", "id: must be an id with its platform"),
        ("supervisor,telegram:7,,,g1,,,,", "parent: there is no area g1"),
        ("group,web:a,,,g1,,,,", "id: group web:a is in g1 already"),
        ("person,telegram:7,,,g1,,,,", "kind: person is none of area, unit, grid, worker, supervisor, group"),
    ],
)
def test_each_fault_names_the_row_and_the_column(tmp_path, row, told):
    (fault,) = faults(tmp_path, TITLES + SOUND + "\n" + row)
    assert fault.startswith(f"hierarchy.csv line 7: {told}")


def test_all_faults_are_told_at_once_and_with_those_of_the_file(tmp_path):
    rows = TITLES + SOUND + "worker,telegram:7,,,g9,,,,\nperson,x,,,,,,,"
    found = faults(tmp_path, rows, NAMED + "prot = 1")
    assert [line.split(": ")[0] for line in found] == [
        "hierarchy.csv line 6", "hierarchy.csv line 7", "linli.toml line 3",
    ]  # fmt: skip


def test_a_cell_of_several_lines_moves_the_lines_below(tmp_path):
    rows = TITLES + SOUND + 'area,x,区,district,lin,,"telegram:1\ntelegram:2",,\nperson,x,,,,,,,'
    assert faults(tmp_path, rows)[0].startswith("hierarchy.csv line 8: kind")


@pytest.mark.parametrize(
    ("toml", "told"),
    [
        ('[[area]]\nid = "a"\nname = "a"\nlevel = "street"\nparent = "b"', "line 5: area[0].parent: there is no area b"),
        ('[[area]]\nid = "a"\nname = "a"\nlevel = "town"', "line 4: area[0].level: input should be 'community',"),
        ('[[unit]]\nid = "u"\nname = "u"\n\narea = "b"', "line 5: unit[0].area: there is no area b"),
        ('[[area]]\nid = "a"\nname = "a"\nlevel = "city"\n[[grid]]\nid = "g"\nname = "g"\narea = "a"',
         "line 5: grid[0].workers: a grid of an area needs a worker"),
        ('[[area]]\nid = "a"\nname = "a"\nlevel = "city"\nboss = "x"', "line 5: area[0].boss: unknown key; allowed keys: id, name, level, parent"),
        ('[[unit]]\nid = "u"\nname = "u"\narea = "b"\nworkers = ["telegram:1", "telegram:1"]',
         "line 5: unit[0].workers: worker telegram:1 is named twice"),
        ('area = 3\nhierarchy = "h.csv"', "line 1: area: "),
        ('\nhierarchy = "nowhere.csv"', "line 2: hierarchy: "),
        ("hierarchy = 3", "line 1: hierarchy: "),
    ],
)  # fmt: skip
def test_a_fault_in_linli_toml_names_its_line(tmp_path, toml, told):
    assert faults(tmp_path, "", toml)[0].startswith(f"linli.toml {told}")


@pytest.mark.parametrize("rows", ["", "名称,上级\n一网格,\n", "a,b\n"])
def test_a_file_without_titles_says_which_are_needed(tmp_path, rows):
    (fault,) = faults(tmp_path, rows)
    assert "kind, id, name" in fault or "there is nothing in it" in fault


def test_ten_thousand_rows_are_read_in_seconds(tmp_path):
    rows = "".join(
        f"grid,n{n},网格{n},,wang,,,telegram:-{n},\nworker,telegram:{n},,,n{n},,,,\n" for n in range(1, 5001)
    )
    settings = load({}, put(tmp_path, TITLES + SOUND + rows))
    assert len(settings.grids) == 5001
    assert Grids(settings).worker_ids("telegram:-5000") == {"telegram:5000"}


def test_faults_are_told_in_the_order_of_the_rows(tmp_path):
    rows = "unit,u1,一,,nowhere,,,,\ngrid,g1,一网格,,lin,,,,\narea,lin,临江市,city,elsewhere,,,,\nplot,x,,,,,,,\n"
    lines = [line.split(":")[0] for line in faults(tmp_path, TITLES + rows)]
    assert lines == [f"hierarchy.csv line {n}" for n in (2, 3, 4, 5)]
