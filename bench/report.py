"""score.md: every figure with its target, readable without having seen the program run."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

NEGATIVES = ("sms_zh", "weibo_zh", "crosswoz_zh", "kdconv_zh", "reviews_zh", "notices_zh", "sms_en")
RECALL_AT_LEAST = {
    "sms_zh": 0.95, "weibo_zh": 0.90, "crosswoz_zh": 0.97, "kdconv_zh": 0.97, "reviews_zh": 0.80, "notices_zh": 0.80,
}  # fmt: skip
CALLED_AT_LEAST = {"complaints_zh": 0.93, "seeclickfix_en": 0.90}
CALLED_AT_MOST = {
    "sms_zh": 0.01, "weibo_zh": 0.01, "kdconv_zh": 0.01, "crosswoz_zh": 0.01, "sms_en": 0.01,
    "reviews_zh": 0.10, "notices_zh": 0.10,
}  # fmt: skip
CATEGORY_MACRO_F1, MODEL_MB, SERVER_MB = 0.80, 80.0, 1300.0
OF_TRANSCRIPTS: tuple[tuple[str, tuple[str, ...], float | None, str], ...] = (
    ("intent accuracy", ("intent_accuracy",), None, "messages whose intent is read as annotated"),
    ("intent macro-F1", ("intent_macro_f1",), 0.80, "mean F1 of the nine intents, each counting the same"),
    ("report precision", ("report", "precision"), None, "of what is read as a report, how much is one"),
    ("report recall", ("report", "recall"), None, "of the reports, how many are read as such"),
    ("report F1", ("report", "f1"), 0.90, "both of these in one"),
    ("category, level 1", ("category_level1",), 0.92, "true reports whose category is right before the dot"),
    ("category, level 2", ("category_level2",), 0.80, "true reports whose category is right in full"),
    (
        "location F1",
        ("location", "f1"),
        0.85,
        "places in reports, seconds and details, found by a letter or more",
    ),
    ("emergency recall", ("emergency", "recall"), 1.0, "of the emergencies, how many are read as such"),
    (
        "emergency precision",
        ("emergency", "precision"),
        0.80,
        "of what is read as an emergency, how much is one",
    ),
)
"""Name, place in the figures, least value asked for, meaning."""
MARKS = {True: "met", False: "**not met**", None: "–"}


@dataclass(frozen=True)
class Row:
    """A figure, and what is asked of it: no target at all, at least so much, or at most."""

    name: str
    value: float | None
    target: float | None
    meaning: str
    at_most: bool = False
    unit: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None where there is none, or nothing was measured."""
        if self.value is None or self.target is None:
            return None
        return self.value <= self.target if self.at_most else self.value >= self.target

    def line(self) -> str:
        """The row of a Markdown table."""
        sign = "≤" if self.at_most else "≥"
        target = "" if self.target is None else f"{sign} {shown(self.target, self.unit)}"
        return _line(self.name, shown(self.value, self.unit), target, MARKS[self.met], self.meaning)


def shown(value: float | None, unit: str = "") -> str:
    """A figure as it stands in a table; one that is missing says so."""
    if value is None:
        return "not measured"
    if unit:
        return f"{value:.0f} {unit}"
    return f"{value:.3f}" if value >= 0.1 else f"{value:.4f}"  # targets of 0.01 need the fourth


def _line(*cells: object) -> str:
    return f"| {' | '.join(map(str, cells))} |"


def _table(head: Sequence[str], lines: Iterable[str]) -> str:
    return "\n".join([_line(*head), _line(*("---" for _ in head)), *lines])


def at(figures: dict[str, Any] | None, *path: str) -> float | None:
    """The figure at a place, None where there is none."""
    found: Any = figures
    for step in path:
        found = found.get(step) if isinstance(found, dict) else None
    return None if found is None else float(found)


def on_sources(scored: dict[str, Any] | None) -> list[Row]:
    """Complaints against chatter, and the category of complaints: what the scorer says of the measuring text."""
    seen = (scored or {}).get("attention")
    return [
        *(
            Row(f"recall at 1 % false alarms, {name}", at(seen, name, "recall_at_1pct"), target,
                f"complaints that stand above all but 1 % of {name}")
            for name, target in RECALL_AT_LEAST.items()
        ),
        *(
            Row(f"called, {name}", at(seen, name, "called"), target, "reports not taken for chatter")
            for name, target in CALLED_AT_LEAST.items()
        ),
        *(
            Row(f"called, {name}", at(seen, name, "called"), target, "no reports, yet not taken for chatter",
                at_most=True)
            for name, target in CALLED_AT_MOST.items()
        ),
        *(
            Row(f"AUC, {name}", at(seen, name, "auc"), None, f"how often a complaint stands above a text of {name}")
            for name in NEGATIVES
        ),
        Row("category accuracy, complaints_zh", at(scored, "category", "accuracy"), None, "one of seven offices"),
        Row("category macro-F1, complaints_zh", at(scored, "category", "macro_f1"), CATEGORY_MACRO_F1,
            "mean F1 of the seven offices"),
    ]  # fmt: skip


def on_transcripts(named: str, figures: dict[str, Any] | None) -> list[Row]:
    """The figures of one set of transcripts that have a target."""
    return [
        Row(f"{name}, {named}", at(figures, *path), target, meaning)
        for name, path, target, meaning in OF_TRANSCRIPTS
        if target is not None
    ]


def of_size(measured: dict[str, Any]) -> list[Row]:
    """What the model and its server need."""
    return [
        Row("model", measured["model_mb"], MODEL_MB, "the file that is served", at_most=True, unit="MB"),
        Row("memory of the server", measured["server_mb"], SERVER_MB,
            "the most that its process has held since it began", at_most=True, unit="MB"),
    ]  # fmt: skip


def rows(score: dict[str, Any]) -> list[Row]:
    """Every figure with a target, and those that explain them."""
    alone = score["transcripts"]["one by one"]
    return [
        *on_sources(score["nlu"]),
        *on_transcripts("shared transcripts", alone["shared"]),
        *on_transcripts("own transcripts", alone["own"]),
        *of_size(score["measured"]),
    ]


def side_by_side(score: dict[str, Any]) -> str:
    """What the messages around a message bring: every figure of the transcripts, without and with them."""
    alone, around = score["transcripts"]["one by one"], score["transcripts"]["with context"]
    kinds = ("shared", "own", "all")
    head = ["figure", *(f"{kind}, {way}" for kind in kinds for way in ("one by one", "with context"))]
    lines = (
        _line(name, *(shown(at(way[kind], *path)) for kind in kinds for way in (alone, around)))
        for name, path, _, _ in OF_TRANSCRIPTS
    )
    counts = (
        _line(name, *(alone[kind][key] if alone[kind] else 0 for kind in kinds for _ in range(2)))
        for name, key in (("messages", "n"), ("reports among them", "reports"))
    )
    emergencies = (alone[kind]["emergency"]["n"] if alone[kind] else 0 for kind in kinds for _ in range(2))
    return _table(head, [*counts, _line("emergencies among them", *emergencies), *lines])


def each_transcript(score: dict[str, Any]) -> str:
    """The scorer's own figures of every file, one by one."""
    found = {**(score["nlu"] or {}).get("transcripts", {}), **(score["nlu_own"] or {}).get("transcripts", {})}
    if not found:
        return "Not measured: the scorer lies beside the measuring text, which is not there."
    lines = (
        _line(name, figures["n"], *(shown(at(figures, *path)) for _, path, _, _ in OF_TRANSCRIPTS))
        for name, figures in found.items()
    )
    return _table(["transcript", "messages", *(name for name, _, _, _ in OF_TRANSCRIPTS)], lines)


def replayed(score: dict[str, Any]) -> str:
    """What the whole bot made of the transcripts."""
    found = score["replay"]
    if not found:
        return "Not measured: the scorer lies beside the measuring text, which is not there."
    keys = list(next(iter(found.values())))
    lines = (
        _line(key.replace("_", " "), *("–" if each[key] is None else each[key] for each in found.values()))
        for key in keys
    )
    return _table(["figure", *found], lines)


def curves(curve: dict[str, Any]) -> str:
    """The numbers behind the learning curve."""
    lines = (
        _line("all of the sample" if i["size"] is None else i["size"], _point(i), _point(c))
        for i, c in zip(curve["intent"], curve["category"], strict=True)
    )
    return _table(["examples a label, at most", "intent macro-F1", "category macro-F1"], lines)


def _point(point: dict[str, Any]) -> str:
    spread = "" if point["size"] is None else f" ± {point['spread']:.3f}"
    return f"{point['mean']:.3f}{spread} ({point['examples']} examples)"


def markdown(score: dict[str, Any]) -> str:
    """The whole report."""
    measured, found = score["measured"], rows(score)
    asked = [row for row in found if row.target is not None]
    count = {met: sum(row.met is met for row in asked) for met in (True, False, None)}
    return _PAGE.format(
        **measured,
        met=count[True],
        asked=len(asked),
        unmet=count[False],
        unmeasured=count[None],
        figures=_table(["figure", "value", "target", "met", "meaning"], (row.line() for row in found)),
        sides=side_by_side(score),
        each=each_transcript(score),
        replay=replayed(score),
        curves=curves(score["curve"]),
        examples=score["curve"]["examples"],
        tested=score["curve"]["tested"],
        draws=score["curve"]["draws"],
        most=score["curve"]["reports_a_category"],
        messages=score["transcripts"]["one by one"]["all"]["n"],
        speed=_speed(score),
    )


def _speed(score: dict[str, Any]) -> str:
    taken = (score["nlu"] or {}).get("latency")
    if not taken:
        return ""
    return (
        f"\n- speed: {taken['per_second']} messages a second with sixteen requests in flight "
        f"({taken['messages']} in {taken['seconds']} s)"
    )


_PAGE = """# How well the model reads

- model: `{model}`; {examples} examples lie in `nlu/data`
- measured: {date}, in {seconds:.0f} s, by `make score`
- machine: {machine}
- messages: at most {sample} of each source, always the same ones; all of `complaints_zh`; {messages} of transcripts{speed}

{met} of {asked} targets are met, {unmet} are not, {unmeasured} were not measured.

**What was measured.** Sources of real text that nobody wrote for this project and that the model never learns from:
subjects of complaints to a government board (`complaints_zh`) and English 311 reports (`seeclickfix_en`), which should be
heard; SMS, microblogs and dialogues (`sms_zh`, `weibo_zh`, `crosswoz_zh`, `kdconv_zh`, `sms_en`), bad reviews of
restaurants and hotels (`reviews_zh`) and officials' replies (`notices_zh`), which should not. And annotated transcripts of
whole groups: *shared* ones beside the measuring text, *own* ones in `tests/transcripts`.

"Called" is the share that the model, by its own best guess, calls anything but chatter. Settings of the model were compared
on some of these sources, so expect a little less elsewhere.

## Figures and targets

Transcripts are read one by one here, every message without those around it, and counted together.

{figures}

## One by one, and with context

With context, a message comes with the eight before it, the one that it quotes, and its sender's role.

{sides}

## Which intents are mistaken for which

All transcripts, one by one. A row is an annotated intent and adds up to 1; the count of messages stands below.

![Confusion of intents](confusion.png)

## Whether its confidence can be relied on

All transcripts, one by one, in ten bins of confidence: on the diagonal, what is said with 0.8 is right eight times in ten.
ECE, the expected calibration error, is the mean distance from it.

![Reliability](reliability.png)

## What more examples would bring

A logistic regression alone, over folded grams and sentence vectors, not the whole pipeline: the slope counts, not the
height. Mean and spread (one standard deviation) of {draws} draws from a sample of the examples, which holds at most {most}
reports of a category: so the last two points of the category differ little in text. Intents are tested on the
transcripts ({tested[intent]} messages), categories on {tested[category]} reports that were left out; these come from the same
hands as those that taught, which flatters them.

![Learning curve](learning_curve.png)

{curves}

## Each transcript, one by one

{each}

## The whole bot on the same transcripts

Replayed through the bot, with its own emergency words and linking: cases found, messages put to the right one, and how much
it said per 100 messages.

{replay}
"""
