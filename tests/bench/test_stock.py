"""Rules of what stock Rasa is measured with."""

import yaml

from bench import stock
from bench.messages import REPORTS, examples, report

DOMAIN, RULES = (
    yaml.safe_load((stock.SETTINGS / name).read_text("utf-8")) for name in ("domain.yml", "rules.yml")
)


def test_every_intent_leads_to_a_ticket_so_that_no_model_has_less_to_do():
    ruled = {rule["steps"][0]["intent"] for rule in RULES["rules"]}
    assert ruled == {*DOMAIN["intents"], "nlu_fallback"}
    assert {rule["steps"][1]["action"] for rule in RULES["rules"]} == set(DOMAIN["actions"])


def test_thinning_keeps_each_eighth_example_of_every_intent(tmp_path):
    lines = ['version: "3.1"\n', "nlu:\n"]
    for intent in ("report", "chatter"):
        lines += [
            f"- intent: {intent}\n",
            "  examples:\n",
            *(f"  - text: {intent} {n}\n    metadata: {n}\n" for n in range(20)),
        ]
    file = tmp_path / "nlu.yml"
    file.write_text("".join(lines), "utf-8")
    stock._thin(file, 8)
    kept = yaml.safe_load(file.read_text("utf-8"))["nlu"]
    assert [[one["text"] for one in intent["examples"]] for intent in kept] == [
        ["report 0", "report 8", "report 16"],
        ["chatter 0", "chatter 8", "chatter 16"],
    ]


def test_no_message_is_asked_about_twice():
    texts = examples(seed=1)
    assert len(texts) == len(set(texts)) > 5000
    assert texts != examples(seed=2)


def test_reports_name_a_place_of_their_own():
    first = {report(n) for n in range(97 * len(REPORTS))}
    assert len(first) == 97 * len(REPORTS)
