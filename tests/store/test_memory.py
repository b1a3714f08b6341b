"""What others answered is remembered for every process, and lapses by itself."""

from datetime import timedelta

from bot.store import Store


def test_what_is_remembered_is_recalled_until_it_lapses(store: Store) -> None:
    store.memory.remember("slack group S0MLOPS", '["U1"]', timedelta(seconds=60))
    assert store.memory.recall("slack group S0MLOPS") == '["U1"]'
    assert 0 < store.connection.pttl("endpoint-bot:memory:slack group S0MLOPS") <= 60_000


def test_what_was_never_remembered_is_not_recalled(store: Store) -> None:
    assert store.memory.recall("slack group S0MLOPS") is None
