"""`make bench`: Linli beside stock Rasa, in one run on this machine; bench/report.json, a table, and bench/sizes.svg.

    stock-diet       `rasa run --enable-api` with the pipeline that Rasa proposes, an action server (rasa_sdk), our desk
    stock-logistic   the same with logistic regression and a random field for the places
    linli            `linli run` as it is by default: bot, NLU, desk, and Redis that writes to the disk before it answers;
                     after the rounds also in roles: intake, work, nlu and serve on one Redis

Stock Rasa is trained on our examples the first time (some minutes), and its models are kept in var/bench. What the
rounds do is in bench/contest.py; what operations take while 100,000 cases are open, in bench/sizes.py.
"""

import argparse
import asyncio
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from itertools import count
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench import contest, machine, outcome, roles, sizes, stock
from bench.intake import intake
from bench.messages import examples
from bot.log import recording
from bot.nlu_project import find_nlu, nlu_python

HERE = Path(__file__).resolve().parent
REPORT, PLOT = HERE / "report.json", HERE / "sizes.svg"
ROUNDS, QUICK_ROUNDS = 5, 2
QUICK_SIZES = (1_000, 10_000)
WEBHOOKS, QUICK_WEBHOOKS = 2100, 600

Row = dict[str, Any]
_BEGAN = time.monotonic()


def tell(words: str) -> None:
    """Say how far we are."""
    print(f"[{time.monotonic() - _BEGAN:5.0f} s] {words}", file=sys.stderr, flush=True)


async def contested(folder: Path, rounds: int, amounts: contest.Sizes) -> list[Row]:
    """The rows of all rounds."""
    rows = []
    texts = examples(seed=rounds)
    tell("starting stock Rasa twice, and Linli")
    async with contest.field(folder, texts) as field:
        tell("all are ready; warming up, and Linli comes to know its groups")
        await contest.warmed(field, amounts, rounds)
        for n in range(1, rounds + 1):
            load = os.getloadavg()[0]
            row = await contest.contest_round(field, amounts)
            rows.append({"load": round(load, 2), **row})
            tell(f"round {n} of {rounds}: {_in_short(row)}")
    return rows


async def in_roles(folder: Path, rounds: int, amounts: contest.Sizes) -> list[Row]:
    """The rows of all rounds of Linli in roles."""
    rows = []
    tell("starting Linli in roles")
    async with roles.running(folder, contest.FIRST_PORT) as program:
        field = contest.Field({}, program, iter(examples(seed=rounds)), count(contest.FIRST_GROUP, -1))
        await contest.warmed(field, amounts, rounds)
        for n in range(1, rounds + 1):
            rows.append(row := await contest.roles_round(field, amounts))
            tell(
                f"in roles, round {n} of {rounds}: tickets a second {row['end_to_end']['per_second']:.0f}; "
                f"ticket at 50/s p99 {row['at_50']['ticket_p99_ms']:.0f} ms; "
                f"webhook at 500/s p99 {row['webhook_at_500']['p99_ms']:.0f} ms"
            )
    return rows


def _in_short(row: Row) -> str:
    parse = " / ".join(f"{name} {one['per_second']:.0f}" for name, one in row["parse"].items())
    whole = " / ".join(f"{name} {one['per_second']:.0f}" for name, one in row["end_to_end"].items())
    return (
        f"parse a second {parse}; tickets a second {whole}; ticket at 50/s p99 {row['at_50']['ticket_p99_ms']:.0f} ms; "
        f"webhook at 500/s p99 {row['webhook_at_500']['p99_ms']:.0f} ms"
    )


async def measured(folder: Path, rounds: int, *, quick: bool) -> Row:
    """Everything, as bench/report.json has it."""
    stop_with_us(asyncio.current_task())
    load = os.getloadavg()
    rows = await contested(folder, rounds, contest.QUICK if quick else contest.FULL)
    apart = await in_roles(folder / "roles", rounds, contest.QUICK if quick else contest.FULL)
    tell("linli intake by itself")
    alone = await intake(folder / "intake", contest.FIRST_PORT, QUICK_WEBHOOKS if quick else WEBHOOKS)
    tell("the state with more and more open cases")
    curve = await sizes.measured(folder / "sizes", QUICK_SIZES if quick else sizes.SIZES)
    where = {
        "cores": os.cpu_count(),
        "arch": platform.machine(),
        "python": platform.python_version(),
        "described": machine.described(),
        "load_before": [round(one, 2) for one in load],
    }
    return outcome.report(rows, apart, alone, where) | {"sizes": curve, "growing": sizes.growing(curve)}


def stop_with_us(task: "asyncio.Task[Any] | None") -> None:
    """Let whoever tells us to stop stop the servers with us: they are in sessions of their own."""
    for sign in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(sign, lambda: task.cancel() if task else None)


def draw(curve: list[Row]) -> None:
    """The plot of the sizes, by the NLU's environment, which has Matplotlib."""
    python = str(nlu_python(find_nlu()))
    subprocess.run(
        [python, str(HERE / "plot_sizes.py"), str(PLOT)], input=json.dumps(curve), text=True, check=True
    )


def show(told: Row, console: Console) -> None:
    """The tables."""
    console.print(_contest_table(told))
    console.print(_figures_table(told))
    console.print(_sizes_table(told["sizes"]))
    console.print(f"measured on {told['machine']['described']}, Python {told['machine']['python']}; "
                  f"load before {told['machine']['load_before']}")  # fmt: skip
    for line in outcome.missed(told):
        console.print(f"missed: {line}")
    for name in told["growing"]:
        console.print(f"grows with the number of cases: {name}")


def _contest_table(told: Row) -> Table:
    table = Table(
        "median of rounds", "stock DIET", "stock logistic", "Linli", title="Linli beside stock Rasa"
    )
    for what, key, digits in (
        ("parse", "per_second", 0), ("parse", "p50_ms", 0), ("parse", "p99_ms", 0), ("parse", "cpu_seconds_per_1000", 1),
        ("light", "p50_ms", 1), ("light", "p99_ms", 1),
        ("end_to_end", "per_second", 1), ("end_to_end", "cpu_seconds_per_1000", 1),
    ):  # fmt: skip
        values = [outcome.median_of(told["runs"], what, name, key) for name in ("diet", "logistic", "linli")]
        table.add_row(f"{what} {key}".replace("_", " "), *(f"{value:.{digits}f}" for value in values))
    memory = told["memory_of_stock_gb"]
    table.add_row(
        "memory GB", f"{memory['diet']:.2f}", f"{memory['logistic']:.2f}", f"{told['memory_gb']:.2f}"
    )
    return table


def _figures_table(told: Row) -> Table:
    table = Table("", "median", "spread", title=f"{len(told['runs'])} rounds")
    for name, value in (*told["ratios"].items(), *told["p99_ms"].items()):
        unit = "×" if name in told["ratios"] else "ms"
        low, high = told["spread"][name]
        table.add_row(name, f"{value:.1f} {unit}", f"{low:.1f} to {high:.1f}")
    for name, (value, low, high) in told["in_roles"].items():
        table.add_row(f"in roles: {name}", f"{value:.1f}", f"{low:.1f} to {high:.1f}")
    return table


def _sizes_table(curve: list[Row]) -> Table:
    table = Table(
        "p50 / p99 ms", *(f"{row['cases']:,} cases" for row in curve), title="by open cases, ten in a group"
    )
    for name in curve[0]["operations"]:
        each = [row["operations"][name] for row in curve]
        table.add_row(name, *(f"{one['p50_ms']:.2f} / {one['p99_ms']:.2f}" for one in each))
    return table


def main() -> None:
    """Run, print the tables, write bench/report.json and the plot."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--quick", action="store_true", help="a look at all of it in two minutes; nothing is written"
    )
    parser.add_argument("--rounds", type=int, help="rounds, at least two")
    asked = parser.parse_args()
    for pipeline in stock.PIPELINES:
        stock.trained(pipeline)
    with tempfile.TemporaryDirectory(prefix="linli-bench-") as folder:
        nowhere = Path(folder, "log.txt").open("w", encoding="utf-8")  # noqa: SIM115 closed with the program
        with recording(Path(folder), stream=nowhere):
            rounds = asked.rounds or (QUICK_ROUNDS if asked.quick else ROUNDS)
            told = asyncio.run(measured(Path(folder), rounds, quick=asked.quick))
    if not asked.quick:
        REPORT.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", "utf-8")
        draw(told["sizes"])
    show(told, Console())


if __name__ == "__main__":
    main()
