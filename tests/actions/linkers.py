"""Linkers for tests: one that chooses what it is told, and one by few weights that anybody can follow."""

from actions.linking import KINDS, Choice, Heard, Linker, Scorer
from actions.reading import Intent


class Told(Linker):
    """Chooses what the test says, and remembers what it was asked."""

    def __init__(self, choice: Choice, kind: Intent = Intent.DETAIL, sure: float = 1.0) -> None:
        super().__init__(Scorer({}), Scorer({}))
        self.choice, self.said = choice, (kind, sure)
        self.asked: list[tuple[Heard, list[str], bool]] = []

    def choose(self, heard, cases, policy, *, warned):
        """What the test says."""
        self.asked.append((heard, [case.id for case in cases], warned))
        return self.choice

    def kind(self, heard, case):
        """What the test says."""
        return self.said


def plain_linker() -> Linker:
    """By a handful of weights: reports open, what is quoted or near and by name of intent joins."""
    options = {
        "new log report": [9.0],
        "new resident report": [8.0],
        "join quote this": [8.0],
        "join place same": [6.0],
        "join place building": [-9.0],
        "join category x report": [6.0],
        "join now reporter": [3.0],
        "join second now": [9.0],
        "join chatter now": [-9.0],
    }
    kinds = {f"{kind} log {kind}": [9.0] for kind in KINDS}
    return Linker(Scorer(options), Scorer(kinds))
