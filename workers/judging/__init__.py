"""The judge: is the new fleet as good as the old one?

Pure: numbers in, values out. `make_yardsticks` learns once, from the past, how far this endpoint's numbers go wrong by themselves;
`judge` measures each look with that; `judge_side_by_side` compares two variants at the same time.
"""

from workers.judging.deciding import judge
from workers.judging.dense import dense
from workers.judging.measures import measures_of
from workers.judging.side_by_side import judge_side_by_side
from workers.judging.yardsticks import make_yardsticks

__all__ = ["dense", "judge", "judge_side_by_side", "make_yardsticks", "measures_of"]
