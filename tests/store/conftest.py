"""The same store tests over fakeredis and over a real server."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import fakeredis
import pytest
from redis import Redis

from bot.store import Store, make_store
from bot.store.connection import connect
from sandbox.redis import RedisServer


@pytest.fixture(scope="session")
def server() -> Iterator[RedisServer]:
    with TemporaryDirectory(prefix="redis-") as folder:  # pytest's own folders are too deep for a unix socket's path
        redis = RedisServer(Path(folder))
        redis.start()
        yield redis
        redis.stop()


@pytest.fixture(params=["fakeredis", "server"])
def connection(request: pytest.FixtureRequest) -> Iterator[Redis]:
    if request.param == "fakeredis":
        client: Redis = fakeredis.FakeStrictRedis(server=fakeredis.FakeServer())
    else:
        client = connect(request.getfixturevalue("server").url)
        client.flushall()
    with client:
        yield client


@pytest.fixture
def store(connection: Redis) -> Store:
    return make_store(connection)
