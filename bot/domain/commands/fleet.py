"""What the fleet file says: to have it, to be rid of it, to make reality match, to write and to check it."""

from typing import Literal

from pydantic import Field, ValidationInfo, field_validator

from bot.domain.commands.typed import Text, Version
from bot.domain.model import Value
from bot.domain.names import EndpointWord


class Deploy(Value):
    """Create an endpoint that the fleet file declares and that does not exist, or that is Failed."""

    name: Literal["deploy"] = "deploy"
    endpoint: EndpointWord
    version: Version | None = None
    at: Text | None = None
    reason: Text | None = None


class Teardown(Value):
    """Delete an endpoint with its autoscaling; its configs and models stay for a while."""

    name: Literal["teardown"] = "teardown"
    endpoint: EndpointWord
    at: Text | None = None
    reason: Text


class Sync(Value):
    """Make reality match the fleet file now: one endpoint, or all of them."""

    name: Literal["sync"] = "sync"
    endpoint: EndpointWord | None = None
    all: bool = Field(default=False, validate_default=True)

    @field_validator("all")
    @classmethod
    def _says_what(cls, everything: bool, info: ValidationInfo) -> bool:
        if everything == (info.data.get("endpoint") is not None):
            raise ValueError("name one endpoint, or give --all")
        return everything


class Gc(Value):
    """Configs, models and alarms of the bot's own that nothing needs any more: list them, or delete them."""

    name: Literal["gc"] = "gc"
    delete: bool = False


class FleetCheck(Value):
    """Say what is wrong in a fleet file of this machine: terminal only, because Slack has no files of it."""

    name: Literal["fleet check"] = "fleet check"
    file: Text | None = None


class FleetImport(Value):
    """Write a fleet file from the endpoints that exist."""

    name: Literal["fleet import"] = "fleet import"
