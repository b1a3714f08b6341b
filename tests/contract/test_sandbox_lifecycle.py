"""Endpoints that begin and end, through the gateways over real HTTP, against the AWS stand-in."""

import pytest

from bot.domain.endpoint import EndpointStatus
from bot.domain.errors import QuotaExceeded, ResourceBusy, ResourceExists, ResourceMissing

from .changes import eventually
from .conftest import Account

pytestmark = pytest.mark.flow

NEW = "sentiment-eu"
TAGS = {"rollout:id": "rabc2345"}


def is_in_service(account: Account) -> bool:
    return account.endpoints.describe(NEW).status is EndpointStatus.IN_SERVICE


def is_gone(account: Account) -> bool:
    try:
        account.endpoints.describe(NEW)
    except ResourceMissing:
        return True
    return False


def test_an_endpoint_is_created_once_with_its_tags_and_deleted_once(account: Account) -> None:
    config = account.endpoints.describe("sentiment-prod").config_name
    account.endpoints.create(NEW, config, TAGS)
    with pytest.raises(ResourceExists):
        account.endpoints.create(NEW, config, TAGS)
    with pytest.raises(ResourceBusy):
        account.endpoints.delete(NEW)
    eventually(lambda: is_in_service(account))
    assert account.endpoints.tags(account.endpoints.describe(NEW).arn) == TAGS
    account.endpoints.delete(NEW)
    eventually(lambda: is_gone(account))
    with pytest.raises(ResourceMissing):
        account.endpoints.delete(NEW)
    assert account.endpoints.describe_config(config).name == config


def test_a_config_that_is_not_there_and_a_quota_that_is_used_up_are_told(account: Account) -> None:
    with pytest.raises(ResourceMissing) as missing:
        account.endpoints.create(NEW, "no-such-config", TAGS)
    assert missing.value.kind == "endpoint config"
    account.driver.scenario("low-quota", "sentiment-prod", limit=1)
    with pytest.raises(QuotaExceeded):
        account.endpoints.create(NEW, account.endpoints.describe("sentiment-prod").config_name, TAGS)


def test_what_is_left_is_listed_and_deleted_and_a_note_on_it_is_read_back(account: Account) -> None:
    live = account.endpoints.describe_config(account.endpoints.describe("sentiment-prod").config_name)
    left = live.model_copy(update={"name": "left-behind"})
    account.endpoints.create_config(left)
    (found,) = [c for c in account.leftovers.configs() if c.name == left.name]
    account.endpoints.change_tags(found.arn, {"rollout:torn-down": "2026-11-22T08:00:00+00:00"})
    assert account.endpoints.describe_config(left.name).tags["rollout:torn-down"] == "2026-11-22T08:00:00+00:00"
    account.leftovers.delete_config(left.name)
    account.leftovers.delete_config(left.name)
    assert left.name not in {c.name for c in account.leftovers.configs()}
    model = next(iter(live.variants()))["ModelName"]
    assert model in {m.name for m in account.leftovers.models()}
