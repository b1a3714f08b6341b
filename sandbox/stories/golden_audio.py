"""A check command: pretends to transcribe golden recordings and to count the words that were misheard.

The bot runs it before the update and after the warm-up; it is a program of its own, and knows of the bot only by its environment.
"""

import json
import os
import sys
from pathlib import Path

SCRIPT = __file__
MISHEARD = {"before": 0.081, "after": 0.134}
LIMIT = 0.10


def main() -> int:
    """Print what was found, write it for the bot, and say by the exit status whether it will do."""
    share = MISHEARD[os.environ["CHECK_TIME"]]
    print(f"Transcribed 240 recordings by {os.environ['CHECK_ENDPOINT']}: {share:.1%} of the words were misheard.")
    score = {"value": share, "better": "lower", "tolerance": 0.05}
    Path(os.environ["CHECK_RESULT"]).write_text(
        json.dumps({"summary": f"word error rate {share:.1%}", "scores": {"wer": score}})
    )
    return 0 if share <= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
