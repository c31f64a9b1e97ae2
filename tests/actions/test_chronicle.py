"""The chronicle: what has changed, told in lines."""

from actions.chronicle import changes

OLD = (
    ("policy", "worker_minutes", "30.0"),
    ("grid g1", "name", "一网格"),
    ("grid g1", "worker", "telegram:42"),
    ("grid g2", "name", "二网格"),
)


def test_what_is_the_same_has_not_changed():
    assert changes(OLD, OLD[::-1]) == ()


def test_members_come_and_go_and_values_change():
    new = (
        ("policy", "worker_minutes", "20.0"),
        ("grid g1", "name", "一网格"),
        ("grid g1", "community", "春风里"),
        ("grid g1", "worker", "telegram:43"),
    )
    assert changes(OLD, new) == (
        "policy: worker_minutes: 30.0 → 20.0",
        "grid g1: worker telegram:42 removed",
        "grid g1: worker telegram:43 added",
        "grid g1: community: — → 春风里",
        "grid g2: removed",
    )


def test_who_gets_in_with_something_new_is_named():
    new = (*OLD, ("grid g3", "name", "三网格"), ("grid g3", "worker", "telegram:7"))
    assert changes(OLD, new) == ("grid g3: added", "grid g3: worker telegram:7 added")
