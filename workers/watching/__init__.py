"""The watch after a cutover, and the bake on a bridge: which numbers are looked at, and what the judge says of them.

Reads through the ports and the store; what follows from a verdict is the engine's to decide.
"""

from workers.watching.bake import judge_bake
from workers.watching.comparing import at_once
from workers.watching.looking import Look, look

__all__ = ["Look", "at_once", "judge_bake", "look"]
