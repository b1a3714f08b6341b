"""Configs and models of the fake account, listed and deleted."""

from datetime import datetime
from typing import Protocol

from bot.domain.endpoint import ConfigRecord, Leftover, ModelRecord
from fakes.clock import NOW
from fakes.failing import Failing


class Account(Protocol):
    """Where they are kept: `FakeEndpoints` or an `Estate`."""

    configs: dict[str, ConfigRecord]
    models: dict[str, ModelRecord]


class FakeLeftovers(Failing):
    """Implements workers.ports.Leftovers; `created` says since when something exists that is not as old as the test."""

    def __init__(self, account: Account) -> None:
        super().__init__()
        self._account = account
        self.created: dict[str, datetime] = {}
        self.deleted: list[str] = []

    def configs(self) -> tuple[Leftover, ...]:
        with self.called("configs"):
            return tuple(self._listed(c) for c in self._account.configs.values())

    def models(self) -> tuple[Leftover, ...]:
        with self.called("models"):
            return tuple(self._listed(m) for m in self._account.models.values())

    def delete_config(self, name: str) -> None:
        with self.called("delete_config", name):
            self._account.configs.pop(name, None)
            self.deleted.append(name)

    def delete_model(self, name: str) -> None:
        with self.called("delete_model", name):
            self._account.models.pop(name, None)
            self.deleted.append(name)

    def _listed(self, found: ConfigRecord | ModelRecord) -> Leftover:
        return Leftover(name=found.name, arn=found.arn, created=self.created.get(found.name, NOW))
