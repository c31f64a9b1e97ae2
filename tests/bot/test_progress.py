"""Progress: silent at first, then a line now and then with what is left."""

import io

from bot.progress import Progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


def run(out, *steps, total=1000):
    now = [0.0]
    progress = Progress(total, "en", out, lambda: now[0])
    for seconds, count in steps:
        now[0] = seconds
        progress(count)
    progress.close()
    return out.getvalue()


def test_what_is_over_in_a_moment_needs_no_progress():
    assert run(Terminal(), (1, 500), (2.9, 1000)) == ""


def test_it_says_how_much_how_fast_and_how_long_yet():
    text = run(io.StringIO(), (10, 100))
    assert text.startswith("100 of 1000 (10%), 10.0 a second, 0:01:30 to go")
    assert text.endswith("\n")


def test_a_terminal_has_one_line_and_is_left_clean():
    text = run(Terminal(), (4, 100), (4.1, 101), (5, 200))
    assert text.count("\r\x1b[K") == 3
    assert "101 of" not in text
    assert text.endswith("\r\x1b[K")


def test_a_file_gets_a_line_now_and_then():
    assert run(io.StringIO(), (4, 10), (5, 20), (33, 30), (35, 40)).count("\n") == 2
