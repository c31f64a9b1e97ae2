"""Draws docs/case.md from the table of moves, so that the picture cannot say what the program does not do."""

from collections import defaultdict
from pathlib import Path

from actions.case import AT_DISPATCH, BEFORE_DISPATCH, DROPPED, KEYS, LIVE, SETTLED, Stage
from actions.facts import Fact
from actions.moves import MOVES, TABLE, Row

# Each group of stages with its colour; a case that is not yet recorded belongs to none.
_GROUPS = {
    "before": (BEFORE_DISPATCH, "#fff3cd"),
    "dispatch": (AT_DISPATCH, "#d6e9ff"),
    "keys": (KEYS, "#e6dcff"),
    "settled": (SETTLED, "#d4edda"),
    "dropped": (DROPPED, "#e2e3e5"),
}
# One arrow from here stands for an arrow from every stage of the group (but the one that it leads to).
_ANY = {
    "any_live": ("任一未结阶段 any live stage", LIVE),
    "any_undone": ("任一办理阶段 any stage before the keys", (*BEFORE_DISPATCH, *AT_DISPATCH)),
    "any_at_dispatch": ("任一派单阶段 any stage at dispatch", AT_DISPATCH),
}
_NAMES = {
    Stage.NEW: "新",
    Stage.UNSURE: "存疑",
    Stage.ASKING_WHERE: "问地点",
    Stage.WAITING_WORKER: "等网格员",
    Stage.HANDLING: "网格内办理",
    Stage.FILING: "上报中",
    Stage.OPEN: "已派单",
    Stage.ACCEPTED: "已受理",
    Stage.IN_PROGRESS: "办理中",
    Stage.RETURNED: "被退回",
    Stage.WORK_DONE: "称已办结",
    Stage.WORKER_KEY: "网格员确认",
    Stage.RESIDENTS_KEY: "居民确认",
    Stage.CLOSED: "已闭环",
    Stage.SOLVED_IN_GRID: "网格内解决",
    Stage.LAPSED: "无人确认",
    Stage.WITHDRAWN: "已撤回",
    Stage.MERGED: "已合并",
    Stage.NOT_A_PROBLEM: "无需处理",
}

_HEAD = """\
# 一件事的一生 · The life of a case

本页由 `linli diagram` 按 `actions/moves.py` 的规则表生成，请勿手改。

群里的一个问题就是一件事（case）。事情只因发生了的事实（fact）而变动：有人说、网格员按键、派单中心回复、
到点无人答。表里没有的变动一律不合法，什么也不改变。结案要两把钥匙：网格员现场确认，居民在群里确认；
只有一把不算，沉默也不算——提醒一次仍无人答，记为“无人确认”。有人说没修好，就退回原单并计次。

This page is drawn by `linli diagram` from the table in `actions/moves.py`; do not edit it.

One problem in one group is one case. Facts alone move it: what somebody says, a worker's press, dispatch's
answer, a wait that is over. What the table does not have is illegal and changes nothing. Closing takes two
keys, the grid worker's and the residents'; one is not enough, and silence never closes: after one reminder
the case lapses, unconfirmed. A disputed fix goes back to the same ticket, with a count.
"""
_MATRIX = """\
## 全表 · The full table

每行一种事实，每列一个阶段：`·` 留在原阶段，空格为不合法。
A row is a fact, a column a stage: `·` stays, an empty cell is illegal.
"""
_CONDITIONS = """\
## 视情况而定 · Where it depends

同一格有几条时，取第一条成立的。 Of several rows, the first whose condition holds is taken.
"""


def draw() -> str:
    """The state diagram in Mermaid; facts that leave a case where it is are left out."""
    lines = ["stateDiagram-v2", "    direction TB"]
    lines += [f'    state "{_NAMES[stage]} {stage}" as {stage}' for stage in Stage if stage is not Stage.NEW]
    lines += [f'    state "{words}" as {node}' for node, (words, _) in _ANY.items()]
    lines += [
        f"    {source} --> {to} : {', '.join(dict.fromkeys(facts))}"
        for (source, to), facts in _arrows().items()
    ]
    for group, (stages, colour) in _GROUPS.items():
        lines.append(f"    classDef {group} fill:{colour},stroke:#555,color:#000")
        lines.append(f"    class {','.join(stages)} {group}")
    return "\n".join(lines) + "\n"


def _arrows() -> dict[tuple[str, str], list[str]]:
    """The facts on each arrow, by where it begins and ends."""
    sources: defaultdict[tuple[str, Stage], list[Stage]] = defaultdict(list)
    for row in TABLE:
        if row.to is not row.stage:
            sources[row.fact.__name__, row.to].append(row.stage)
    arrows: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for (fact, to), stages in sources.items():
        for source in _gathered(stages, to):
            arrows[source, to].append(fact)
    return arrows


def _gathered(stages: list[Stage], to: Stage) -> list[str]:
    """The nodes that stand for these stages: a whole group where all of it is there."""
    left, nodes = set(stages), []
    for node, (_, group) in _ANY.items():
        members = set(group) - {to}
        if members <= left:
            nodes.append(node)
            left -= members
    return nodes + ["[*]" if stage is Stage.NEW else str(stage) for stage in Stage if stage in left]


def page() -> str:
    """All of docs/case.md."""
    return f"{_HEAD}\n```mermaid\n{draw()}```\n\n{_MATRIX}\n{_matrix()}\n{_CONDITIONS}\n{_conditions()}"


def write(path: Path) -> None:
    """Write the page. Raises OSError where that cannot be done."""
    path.write_text(page(), encoding="utf-8")


def _matrix() -> str:
    titles = ["", *(f"{_NAMES[stage]}<br>{stage}" for stage in Stage)]
    lines = [_line(titles), _line(["---"] * len(titles))]
    kinds = dict.fromkeys(kind for _, kind in MOVES)
    names = list(dict.fromkeys(kind.__name__ for kind in Fact.__subclasses__()))
    for kind in sorted(kinds, key=lambda kind: names.index(kind.__name__)):
        says = (kind.__doc__ or "").partition(".")[0].partition("\n")[0]
        cells = [_cell(stage, MOVES.get((stage, kind), ())) for stage in Stage]
        lines.append(_line([f"**{kind.__name__}** {says}", *cells]))
    return "\n".join(lines) + "\n"


def _cell(stage: Stage, rows: tuple[Row, ...]) -> str:
    targets = dict.fromkeys(row.to for row in rows)
    return " / ".join("·" if to is stage else str(to) for to in targets)


def _conditions() -> str:
    titles = ["阶段 stage", "事实 fact", "若 if", "则 then"]
    lines = [_line(titles), _line(["---"] * len(titles))]
    for (stage, kind), rows in MOVES.items():
        if any(row.when for row in rows):
            lines += [_line([str(stage), kind.__name__, _when(row), str(row.to)]) for row in rows]
    return "\n".join(lines) + "\n"


def _when(row: Row) -> str:
    return (row.when.__doc__ or "").strip().rstrip(".") if row.when else "otherwise"


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
