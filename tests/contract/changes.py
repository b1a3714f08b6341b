"""Changes of the stand-in's endpoints, made as the planner and the engine make them."""

import time
from collections.abc import Callable

from bot.domain.commands import Change
from bot.domain.endpoint import ModelPackage
from workers.cloning import Draft, DraftNames, LiveEndpoint, draft, models_named_by

from .conftest import Account

NAMES = DraftNames(rollout_id="r7k2", tags={"rollout:id": "r7k2"})


def live(account: Account, endpoint: str) -> LiveEndpoint:
    snapshot = account.endpoints.describe(endpoint)
    config = account.endpoints.describe_config(snapshot.config_name)
    models = {name: account.endpoints.describe_model(name) for name in models_named_by(config)}
    arns = {c["ModelPackageName"] for model in models.values() for c in model.containers() if "ModelPackageName" in c}
    return LiveEndpoint(snapshot, config, models, {arn: account.registry.describe_package(arn) for arn in arns})


def created(account: Account, endpoint: str, change: Change, package: ModelPackage | None) -> Draft:
    made = draft(live(account, endpoint), change, package, NAMES)
    for _ in range(2):  # a worker that died in between does it again
        for model in made.models:
            account.endpoints.create_model(model)
        account.endpoints.create_config(made.config)
    return made


def eventually(happened: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.05)


def promoted(account: Account, endpoint: str, change: Change, package: ModelPackage | None = None) -> Draft:
    made = created(account, endpoint, change, package)
    account.endpoints.update(endpoint, made.config.name, counts_from_config=made.counts_from_config)
    eventually(lambda: account.endpoints.describe(endpoint).is_on(made.config.name))
    return made
