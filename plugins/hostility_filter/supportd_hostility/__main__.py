"""`python -m supportd_hostility score | report FOLDER`."""

import sys

from . import encoder, ngram
from .judge import Judge, quiet
from .report import report
from .score import run

USAGE = "Usage: python -m supportd_hostility score < lines, or: python -m supportd_hostility report FILE.tsv"


def main(words: list[str]) -> int:
    """Run one command; return its exit status."""
    quiet()
    try:
        judge = Judge(ngram.load(), encoder.found())
    except ngram.WeightsBroken:
        sys.stderr.write("The weights of the small model are missing or broken: install the plugin again.\n")
        return 1
    if words == ["score"]:
        run(judge, sys.stdin.buffer, sys.stdout.buffer)
        return 0
    if len(words) == 2 and words[0] == "report":  # noqa: PLR2004
        sys.stdout.write(report(judge, words[1]))
        return 0
    sys.stderr.write(f"{USAGE}\n")
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
