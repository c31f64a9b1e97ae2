"""Grids: which grid a group belongs to, and what follows from it."""

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

from actions.ledger import Change
from actions.levels import Level
from actions.orders import Wait
from actions.policy import Desk
from actions.talk import Talk
from bot.grids import Grids
from bot.people import Area
from bot.settings import Grid, Rules, Settings, Worker
from connectors.memory_state import MemoryState
from connectors.moves import Moves

FIRST = Grid(
    id="g1",
    name="第一网格",
    groups=("telegram:-1",),
    workers=(Worker(id="telegram:42", name="小李"), Worker(id="telegram:43")),
    policy=Rules(file_at_once=False),
)
SECOND = Grid(id="g2", name="Grid 2", lang="en")
SETTINGS = Settings(grid=(FIRST, SECOND), policy=Rules(worker_minutes=5, report_confidence=0.7))


def test_a_group_of_the_file_has_its_grids_rules_over_the_general_ones():
    policy = Grids(SETTINGS).policy_of("telegram:-1")
    assert (policy.file_at_once, policy.report) == (False, 0.7)
    assert policy.waits[Wait.WORKER] == timedelta(minutes=2.5), "reminded at half of it"


def test_a_community_is_what_grids_name_or_the_grid_alone():
    spring = [
        Grid(id=f"g{n}", name="网格", groups=(f"telegram:-{n}",), community="g9" if n < 3 else None)
        for n in (1, 2, 3, 9)
    ]
    grids = Grids(Settings(grid=spring))
    one, two, three, nine = (grids.community_of(f"telegram:-{n}") for n in (1, 2, 3, 9))
    assert one == two
    assert len({one, three, nine}) == 3, "a grid of the community's name is another thing"
    assert grids.community_of("telegram:-77") == ""
    grids.bind("telegram:-77", "g3")
    assert grids.community_of("telegram:-77") == three


def test_an_unknown_group_follows_the_general_rules():
    grids = Grids(SETTINGS)
    assert grids.policy_of("telegram:-9").file_at_once
    assert grids.named_workers("telegram:-9") is None
    assert grids.worker_ids("telegram:-9") is None
    assert grids.writer_of("telegram:-9").lang == "zh_CN"


def test_named_workers_count_instead_of_the_platforms_word():
    grids = Grids(SETTINGS)
    assert grids.named_workers("telegram:-1") == (("telegram:42", "小李"), ("telegram:43", "telegram:43"))
    assert grids.worker_ids("telegram:-1") == {"telegram:42", "telegram:43"}


def test_a_bound_group_belongs_to_its_grid_unless_the_file_says_otherwise():
    grids = Grids(SETTINGS)
    grids.bind("telegram:-9", "g2")
    grids.bind("telegram:-1", "g2")
    assert grids.writer_of("telegram:-9").lang == "en"
    assert grids.writer_of("telegram:-1").lang == "zh_CN"


def test_a_grid_that_is_gone_from_the_file_binds_nothing():
    grids = Grids(SETTINGS)
    grids.bind("telegram:-9", "gone")
    grids.bind("telegram:-8", "")
    general = replace(SETTINGS.policy.policy(), zone=ZoneInfo(SETTINGS.timezone))
    assert grids.policy_of("telegram:-9") == grids.policy_of("telegram:-8") == general


async def test_bindings_are_learnt_at_the_start():
    state, grids = MemoryState(), Grids(SETTINGS)
    await state.save(Change(talk=Talk(group="telegram:-9", grid="g2")))
    await grids.load(state)
    assert grids.writer_of("telegram:-9").lang == "en"


async def test_what_only_memories_knew_is_written_down_once_and_is_not_the_last_word():
    state = MemoryState()
    for group in ("telegram:-8", "telegram:-9"):
        await state.save(Change(talk=Talk(group=group, grid="g2")))
    await state.bind("telegram:-8", "g1")
    await Grids(SETTINGS).load(state)
    assert await state.bound(0) == (2, {"telegram:-8": "g1", "telegram:-9": "g2"})
    await state.bind("telegram:-9", "g1")
    again = Grids(SETTINGS)
    await again.load(state)
    assert [again.grid_of(group)[0] for group in ("telegram:-8", "telegram:-9")] == ["g1", "g1"]
    assert (await state.bound(0))[0] == 3, "nothing was written again"


def test_the_writer_knows_the_numbers_of_the_country():
    writer = Grids(Settings(country="GB")).writer_of("web:x")
    assert (writer.fire, writer.gas) == ("999", "0800 111 999")


def test_grids_are_listed_by_id():
    assert Grids(SETTINGS).names() == {"g1": "第一网格", "g2": "Grid 2"}


STAFFED = (
    Grid(id="g1", name="一", groups=("telegram:-1",), staff="telegram:-9", policy=Rules(desk=Desk.STAFF)),
    Grid(id="g2", name="二", groups=("telegram:-2",), staff="telegram:-9", lang="en"),
    Grid(id="g3", name="三", groups=("telegram:-3",), policy=Rules(desk=Desk.PRIVATE)),
)


def test_a_staff_group_belongs_to_the_grids_that_name_it():
    grids = Grids(Settings(grid=STAFFED))
    assert grids.groups_of_staff("telegram:-9") == ("telegram:-1", "telegram:-2")
    assert [grids.staff_of(f"telegram:-{n}") for n in (1, 2, 3, 9)] == ["telegram:-9", "telegram:-9", "", ""]
    assert [grids.is_staff(f"telegram:-{n}") for n in (1, 9)] == [False, True]
    grids.bind("telegram:-77", "g2")
    assert grids.staff_of("telegram:-77") == "telegram:-9"


def test_workers_work_where_their_grid_says_and_without_a_staff_group_in_the_group():
    grids = Grids(Settings(grid=STAFFED, policy=Rules(desk=Desk.STAFF)))
    assert [grids.desk_of(f"telegram:-{n}") for n in (1, 3, 77)] == [Desk.STAFF, Desk.PRIVATE, Desk.GROUP]


async def test_a_staff_group_that_became_a_supergroup_may_be_named_by_either_number():
    state = MemoryState()
    await Moves(state.remember, state.recall).learn(-9, -1009)
    for named in ("telegram:-9", "telegram:-1009"):
        grids = Grids(Settings(grid=(STAFFED[0].model_copy(update={"staff": named}),)))
        await grids.load(state)
        assert grids.staff_of("telegram:-1") == "telegram:-9"
        assert grids.is_staff("telegram:-9")
        assert grids.groups_of_staff("telegram:-9") == ("telegram:-1",)


async def test_the_groups_of_a_worker_and_of_a_staff_group_follow_every_change():
    state, workers = MemoryState(), (Worker(id="telegram:42"),)
    named = Grid(id="g4", name="四", groups=("telegram:-4",), staff="telegram:-9", workers=workers)
    grids = Grids(Settings(grid=(named, SECOND)))

    def found():
        return grids.groups_of_worker("telegram:42"), grids.groups_of_staff("telegram:-9")

    assert found() == (("telegram:-4",),) * 2
    assert (grids.groups_of_worker("telegram:7"), grids.groups_of_staff("telegram:-8")) == ((), ())
    grids.bind("telegram:-77", "g4")
    assert found() == (("telegram:-4", "telegram:-77"),) * 2
    await state.bind("telegram:-78", "g4")
    await state.bind("telegram:-77", "g2")
    await grids.follow_bindings(state)
    assert found() == (("telegram:-4", "telegram:-78"),) * 2
    assert (grids.groups_of_grid("g4"), grids.groups_of_grid("g2")) == (found()[0], ("telegram:-77",))
    grids.adopt(Settings(grid=(named.model_copy(update={"groups": (), "staff": None}), SECOND)))
    assert found() == (("telegram:-78",), ())


def test_the_groups_of_an_overseer_are_those_of_all_areas_below():
    town = Area(id="t", name="镇", level=Level.STREET, supervisors=(Worker(id="telegram:5"),))
    estate = Area(
        id="e", name="社区", level=Level.COMMUNITY, parent="t", supervisors=(Worker(id="telegram:6"),)
    )
    grids = Grids(Settings(grid=(FIRST.model_copy(update={"area": "e"}), SECOND), area=(town, estate)))
    grids.bind("telegram:-8", "g1")
    grids.bind("telegram:-9", "g2")
    for person in ("telegram:5", "telegram:6"):
        assert grids.groups_of_overseer(person) == ("telegram:-1", "telegram:-8")
    assert grids.groups_of_overseer("telegram:42") == ()
