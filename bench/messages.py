"""What is said while it is measured: our own examples, each once, and reports that name a place."""

# ruff: noqa: S311 - draws keep no secret

import csv
import random
from pathlib import Path

from bot.nlu_project import find_nlu

REPORTS = (
    "{n}号楼电梯又坏了，老人下不来",
    "{n}号楼2单元停水了，一滴都没有",
    "{n}号楼门口路灯不亮好几天了",
    "{n}栋楼下垃圾堆成山没人收",
    "{n}号楼下水道堵了污水都冒出来了",
    "{n}栋3单元楼道灯坏了一个星期了",
    "{n}号楼前面的井盖没了，太危险",
    "{n}号楼消防通道又被车堵死了",
)
CHATTER = ("今天天气不错", "谁家的快递放错了", "晚上一起跳舞吗", "好的收到", "哈哈哈", "周末愉快", "我在外面")


def examples(seed: int) -> list[str]:
    """The texts of all examples, in a random order; no text twice, so that nothing is gained by remembering."""
    texts: dict[str, None] = {}
    for file in sorted(Path(find_nlu(), "data").glob("*/*.tsv")):
        with file.open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
                texts[row["text"].replace("{", "").replace("}", "")] = None
    drawn = list(texts)
    random.Random(seed).shuffle(drawn)
    return drawn


def report(n: int) -> str:
    """The n-th report; the same comes again after some hundreds."""
    return REPORTS[n % len(REPORTS)].format(n=n // len(REPORTS) % 97 + 1)
