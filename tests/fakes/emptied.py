"""The store is emptied in the middle of things."""

from fakes.engine import Engine


def empty(engine: Engine) -> None:
    """FLUSHALL; then the pump tidies, as it does at every sweep, and what was under way is searched for."""
    engine.redis.flushall()
    engine.begin_rounds()
    engine.settle()
