"""The fault suite: `python -m tests.chaos --seed 7 --minutes 5`, or `make chaos`.

Runs the real program on real servers, breaks it by a schedule drawn from the seed while people talk, heals it, and takes
stock (account.py). Prints what was injected and what became of it; ends with 0 only if nothing was lost or done twice.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import SystemRandom
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.chaos.account import Account, Finding
from tests.chaos.books import account_of, at_rest
from tests.chaos.breaker import Breaker, cancelled
from tests.chaos.city import City, open_city
from tests.chaos.schedule import Fault, schedule

RESTS_WITHIN = 300.0  # seconds after the last fault
Say = Callable[[str], None]
PACE = 5.0  # seconds between two messages in a group


@dataclass(frozen=True)
class Plan:
    """What is to be done."""

    seed: int
    seconds: float
    faults: list[Fault]
    groups: int = 6


@dataclass
class Outcome:
    """What a run has shown."""

    plan: Plan
    folder: Path
    account: Account
    findings: list[Finding]
    injected: dict[tuple[str, str], int]
    not_injected: dict[tuple[str, str], int]
    came_of_it: dict[str, int]
    rested_after: float
    notes: list[str]


async def run(plan: Plan, folder: Path, say: Say) -> Outcome:
    """Break a city, heal it, take stock."""
    async with open_city(folder, plan.seed, plan.groups) as city:
        say(
            f"the city is up: {plan.groups} groups, {len(plan.faults)} faults in {plan.seconds:g} s, seed {plan.seed}"
        )
        breaker, mending = Breaker(city, say), asyncio.create_task(city.mend())
        await asyncio.gather(city.talk(plan.seconds, PACE), breaker.run(plan.faults))
        used = _used(city)
        await breaker.heal()
        for group in city.groups:  # one more problem each: the loop still goes round
            city.report(group)
        say("everything is well again; waiting for the city to come to rest")
        healed = time.monotonic()
        await at_rest(city, RESTS_WITHIN, say)
        rested = time.monotonic() - healed
        await cancelled(mending)
        account = await account_of(city)
        done, not_done = dict(breaker.done), dict(breaker.not_done)
        return Outcome(
            plan, folder, account, account.findings(), done, not_done, used, round(rested, 1), _notes(city)
        )


def _used(city: City) -> dict[str, int]:
    return {f"dispatch: {what}": n for what, n in city.backend.used.items()} | {
        f"telegram: {what}": n for what, n in city.telegram.used.items()
    }


def _notes(city: City) -> list[str]:
    return [] if city.faketime else ["clocks were not moved: install the package libfaketime"]


# --- what is printed --------------------------------------------------------------------------------------


def table_of(outcome: Outcome) -> Table:
    """The faults, what was injected and survived."""
    table = Table(title=f"Faults, seed {outcome.plan.seed}, {outcome.plan.seconds:g} s")
    for column in ("fault", "target"):
        table.add_column(column)
    for column in ("injected", "survived"):
        table.add_column(column, justify="right")
    for (kind, target), count in sorted(outcome.injected.items()):
        table.add_row(kind, target, str(count), "?" if outcome.findings else str(count))
    for (kind, target), count in sorted(outcome.not_injected.items()):
        table.add_row(kind, target, f"0 of {count}", "")
    return table


def figures_of(outcome: Outcome) -> dict[str, Any]:
    """The report as JSON."""
    account = outcome.account
    return {
        "seed": outcome.plan.seed,
        "seconds": outcome.plan.seconds,
        "faults": [
            {"fault": k, "target": t, "injected": n} for (k, t), n in sorted(outcome.injected.items())
        ],
        "not_injected": [
            {"fault": k, "target": t, "tried": n} for (k, t), n in sorted(outcome.not_injected.items())
        ],
        "came_of_it": outcome.came_of_it,
        "said": len(account.said),
        "read": sum(account.read.values()),
        "poison": sum(one.poison for one in account.said),
        "dead_letters": len(account.dead),
        "cases": len(account.cases),
        "tickets": len(account.tickets),
        "closed": sum(case.stage == "closed" for case in account.cases),
        "sentences": len(account.sentences),
        "twice_where_the_platform_leaves_no_way": [
            {"group": one.group, "message": one.id, "by": one.by, "text": one.text} for one in account.excused
        ],
        "at_rest_after_seconds": outcome.rested_after,
        "findings": [str(one) for one in outcome.findings],
        "notes": outcome.notes,
        "logs": str(outcome.folder),
    }


def tell(outcome: Outcome, console: Console) -> None:
    """For a person."""
    figures = figures_of(outcome)
    console.print(table_of(outcome))
    for name in ("said", "read", "poison", "dead_letters", "cases", "tickets", "closed", "sentences"):
        console.print(f"{name.replace('_', ' '):>14}  {figures[name]}")
    doubled = len(outcome.account.excused)
    console.print(
        f"{'said twice':>14}  {doubled}, all where Telegram leaves no way: its answer was lost, or who spoke was killed or stopped"
    )
    for note in outcome.notes:
        console.print(f"note: {note}")
    if not outcome.findings:
        console.print(f"Nothing was lost and nothing done twice. At rest after {outcome.rested_after:.0f} s.")
        return
    for one in outcome.findings:
        console.print(f"[red]{one}[/red]", soft_wrap=True)
    console.print(f"again: make chaos SEED={outcome.plan.seed} SECONDS={outcome.plan.seconds:g}")
    console.print(f"logs:  {outcome.folder}")


def main() -> int:
    """Run once."""
    asked = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    asked.add_argument("--seed", type=int, default=None)
    asked.add_argument("--minutes", type=float, default=5.0)
    asked.add_argument("--seconds", type=float, default=None, help="instead of --minutes")
    asked.add_argument("--groups", type=int, default=6)
    asked.add_argument("--report", type=Path, default=Path("var/chaos.json"))
    asked.add_argument(
        "--logs", type=Path, default=None, help="a folder for logs and data; a new one by default"
    )
    given = asked.parse_args()
    seed = SystemRandom().randrange(10**6) if given.seed is None else given.seed
    seconds = given.seconds or given.minutes * 60
    console = Console(markup=True, highlight=False, soft_wrap=True)
    folder = given.logs or Path(tempfile.mkdtemp(prefix="linli-chaos-"))
    plan = Plan(seed, seconds, schedule(seed, seconds), given.groups)
    outcome = asyncio.run(run(plan, folder, lambda text: console.print(text, markup=False)))
    tell(outcome, console)
    given.report.parent.mkdir(parents=True, exist_ok=True)
    given.report.write_text(json.dumps(figures_of(outcome), ensure_ascii=False, indent=1) + "\n", "utf-8")
    console.print(f"report: {given.report}")
    return 1 if outcome.findings else 0


if __name__ == "__main__":
    sys.exit(main())
