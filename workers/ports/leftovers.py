"""Configs and models that rollouts left behind."""

from typing import Protocol

from bot.domain.endpoint import Leftover


class Leftovers(Protocol):
    """Endpoint configs and models of one account and region, to be found and deleted."""

    def configs(self) -> tuple[Leftover, ...]:
        """Every endpoint config, 100 a page."""
        ...

    def models(self) -> tuple[Leftover, ...]:
        """Every model, 100 a page."""
        ...

    def delete_config(self, name: str) -> None:
        """DeleteEndpointConfig; gone already is fine. SageMaker does not refuse one that is in use: whoever calls this has looked."""
        ...

    def delete_model(self, name: str) -> None:
        """DeleteModel; gone already is fine. SageMaker does not refuse one that is in use: whoever calls this has looked."""
        ...
