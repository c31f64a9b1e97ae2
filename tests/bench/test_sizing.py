"""What sizing measures, and the page that is computed from it."""

import pytest

from bench import sizing, sizing_page
from bench.sizing_page import PAGE, Place, bytes_of, figures, rendered

MEASURED = {
    "machine": "a machine",
    "memory": [
        {"cases": 10, "groups": 1, "bytes": 9, "bytes_a_case": 1100, "kinds": {"talk": 1000}},
        {"cases": 100, "groups": 10, "bytes": 9, "bytes_a_case": 1100, "kinds": {"talk": 1000}},
    ],
    "seen_bytes": 50,
    "chatter": {"bot_cpu_ms": 1.0, "redis_cpu_ms": 0.1, "messages_a_core_second": 1000},
    "report": {"bot_cpu_ms": 10.0, "redis_cpu_ms": 1.0, "messages_a_core_second": 100},
}


def test_the_page_says_what_was_measured():
    page = PAGE.read_text("utf-8")
    assert rendered(page, figures()) == page, "run: python -m bench.sizing_page"


def test_a_case_is_counted_without_the_memory_of_its_group():
    assert bytes_of(MEASURED) == {"case": 1000, "group": 1000, "message": 50}


def test_a_place_is_the_sum_of_what_it_keeps_and_hears():
    place = Place("here", groups=1000, every=10, messages_a_day=100, reports_a_day=1, days_kept=100)
    row = sizing_page._place(place, MEASURED)
    # 100,000 cases and a thousand groups of 1,000 B each, 200,000 marks of 50 B; 100 messages a second, one in a hundred a report.
    assert row == ("here", "100", "100,000", "0.1 GB", "1", "1", "—", "1")


def test_cores_and_tokens_are_planned_for_the_busiest_with_room_to_spare():
    place = Place("there", groups=10_000, every=10, messages_a_day=10, reports_a_day=1)
    row = sizing_page._place(place, MEASURED | {"bench": {"parse_per_core_second": 500}})
    # 1,000 a second, a tenth of them reports: 1.9 s of the bot, 0.19 s of Redis, 2 s of the NLU, 600 posts.
    assert row[4:] == ("4", "1", "4", "34")


def test_where_nobody_has_measured_the_page_says_how_to():
    page = rendered("a\n<!-- made by `make sizing` -->\nold\n<!-- end of what is made -->\nz", MEASURED)
    assert page.startswith("a\n")
    assert page.endswith("\nz")
    assert "old" not in page
    assert "`make bench` measures it" in page
    assert rendered(page, MEASURED) == page


async def test_memory_is_measured_on_a_real_redis_filled_by_the_real_state():
    (one,) = await sizing.memory([20])
    assert (one["cases"], one["groups"]) == (20, 2)
    assert 2000 < one["bytes_a_case"] < 50_000
    assert {"case", "trace", "cases", "live", "links", "talk", "orders"} <= set(one["kinds"])


async def test_a_message_that_was_read_leaves_little():
    assert 50 < await sizing.seen(500) < 500


@pytest.mark.parametrize("reports", [False, True])
async def test_what_a_message_costs_is_measured_through_the_real_flow(reports):
    told = await sizing.flow(20, reports=reports)
    assert told["messages"] == 20
    assert told["bot_cpu_ms"] > 0
    assert told["messages_a_core_second"] > 0
