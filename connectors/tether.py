"""Started between us and a child process: ties the child's life to ours, then becomes the child.

`python tether.py PARENT NICE PROGRAM ARGUMENT…`. A preexec_fn would do the same between fork and exec, where
other threads may hold locks for ever; this is a program of its own and cannot hang on them.
"""

import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(parent: int, nice: int, argv: list[str]) -> int:
    """Become the program, which gives way to others by so much; 127 when there is no such program."""
    if sys.platform == "linux":
        from ctypes import CDLL

        CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        return 1  # it died before we were tied to it
    if nice:
        os.nice(nice)
    # Python ignores it, and what is ignored stays ignored in the program that we become.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        os.execvp(argv[0], argv)  # noqa: S606 - no shell is wanted
    except OSError as error:
        sys.stderr.write(f"{argv[0]}: {error.strerror}\n")
        return 127


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]))
