"""Which known names a mistyped one may have meant: an unknown name is always answered with the nearest ones."""

import difflib
from collections.abc import Iterable

_SIMILAR_ENOUGH = 0.6  # difflib's own default: one or two slips in a short name, not a different name


def nearest(name: str, candidates: Iterable[str], limit: int = 3) -> tuple[str, ...]:
    """The known names that look most like `name`, best first; empty when none does.

    Names that begin with what was typed come first: `sentiment` means `sentiment-prod` more than it means `settlement`.
    A name that differs in capitals only is the one.
    """
    known = sorted(set(candidates))
    wanted = name.casefold()
    by_folded = {candidate.casefold(): candidate for candidate in known}
    if wanted in by_folded:
        return (by_folded[wanted],)
    beginning = [candidate for folded, candidate in by_folded.items() if wanted and folded.startswith(wanted)]
    similar = [by_folded[f] for f in difflib.get_close_matches(wanted, by_folded, limit, _SIMILAR_ENOUGH)]
    return tuple(dict.fromkeys([*beginning, *similar]))[:limit]


def either(names: Iterable[str]) -> str:
    """`a`, `a or b`, `a, b or c`: names as a choice within a sentence."""
    *head, last = names
    return f"{', '.join(head)} or {last}" if head else last
