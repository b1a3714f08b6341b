"""The change that brings an endpoint to what the fleet file says: no more than differs, in the file's own values."""

import pytest
from fakes.records import ENDPOINT

from bot.domain.board import BoardState, Standing
from bot.domain.commands import Change
from bot.domain.fleet import EndpointSpec
from bot.domain.managing import beyond_change, desired_change
from bot.domain.managing.byhand import by_hand
from bot.domain.plan import Difference
from bot.domain.serverless import ServerlessSize

SERVERLESS = {
    "kind": "serverless",
    "serverless": {"memory_mb": 3072, "max_concurrency": 20, "provisioned_concurrency": 4},
}
ARN = "arn:aws:sagemaker:us-east-1:123456789012:model-package/sentiment/{}"


def a_spec(**fields) -> EndpointSpec:
    return EndpointSpec.model_validate(
        {"name": ENDPOINT, "model_package_group": "sentiment", "approval": {"users": ["U0BEN"]}, **fields}
    )


def a_standing(*drift: Difference, running: int | None = 3) -> Standing:
    package = ARN.format(running) if running is not None else None
    return Standing(endpoint=ENDPOINT, state=BoardState.DRIFTED, running_package=package, drift=drift)


def moved(path: str, before: str | None = "before", after: str | None = "after") -> Difference:
    return Difference(path=path, before=before, after=after)


def test_what_runs_as_the_file_says_needs_no_change():
    assert desired_change(a_spec(), a_standing(), ARN.format(3)) is None


def test_without_a_version_and_without_drift_nothing_is_asked_for_not_even_the_newest_version():
    assert desired_change(a_spec(instance_type="ml.m5.large"), a_standing(), None) is None


def test_another_version_is_asked_for_by_its_package():
    assert desired_change(a_spec(), a_standing(), ARN.format(4)) == Change(package=ARN.format(4))


def test_the_case_of_an_arn_makes_no_other_version():
    standing = a_standing().model_copy(update={"running_package": ARN.format(3).replace("sentiment", "Sentiment")})
    assert desired_change(a_spec(), standing, ARN.format(3)) is None


def test_a_version_comes_where_it_is_not_known_what_runs():
    assert desired_change(a_spec(), a_standing(running=None), ARN.format(4)) == Change(package=ARN.format(4))


@pytest.mark.parametrize(
    ("path", "declared", "change"),
    [
        ("instance_type", {"instance_type": "ml.m5.large"}, Change(instance_type="ml.m5.large")),
        ("instance_count", {"instance_count": 3}, Change(count=3)),
        ("environment.WORKERS", {"environment": {"WORKERS": "4"}}, Change(env={"WORKERS": "4"})),
        ("serverless.memory_mb", SERVERLESS, Change(serverless=ServerlessSize(memory_mb=3072))),
        ("serverless.max_concurrency", SERVERLESS, Change(serverless=ServerlessSize(max_concurrency=20))),
        (
            "serverless.provisioned_concurrency",
            SERVERLESS,
            Change(serverless=ServerlessSize(provisioned_concurrency=4)),
        ),
    ],
)
def test_each_field_of_the_file_is_brought_by_an_update(path: str, declared: dict, change: Change):
    assert desired_change(a_spec(**declared), a_standing(moved(path)), None) == change
    assert beyond_change(a_spec(**declared), a_standing(moved(path))) == ()


def test_what_differs_of_a_serverless_size_comes_in_one_change_and_nothing_else_of_it():
    drift = [moved("serverless.memory_mb"), moved("serverless.max_concurrency")]
    change = desired_change(a_spec(**SERVERLESS), a_standing(*drift), None)
    assert change == Change(serverless=ServerlessSize(memory_mb=3072, max_concurrency=20))


def test_only_variables_that_differ_are_set_and_in_the_files_words():
    spec = a_spec(environment={"API_TOKEN": "abc", "WORKERS": "4"})
    standing = a_standing(moved("environment.API_TOKEN", "••••", "•••• (changed)"))
    assert desired_change(spec, standing, None) == Change(env={"API_TOKEN": "abc"})


def test_a_version_and_settings_come_in_one_change():
    spec = a_spec(instance_type="ml.m5.large", environment={"A": "1", "B": "2"})
    drift = [moved("instance_type"), moved("environment.A"), moved("environment.B")]
    assert desired_change(spec, a_standing(*drift), ARN.format(4)) == Change(
        package=ARN.format(4), instance_type="ml.m5.large", env={"A": "1", "B": "2"}
    )


@pytest.mark.parametrize(
    "path", ["autoscaling.max", "serverless", "serverless.memory_mb", "environment.GONE", "variants"]
)
def test_what_no_update_changes_is_told_apart(path: str):
    standing = a_standing(moved(path))
    assert desired_change(a_spec(), standing, None) is None
    assert beyond_change(a_spec(), standing) == (moved(path),)


def test_each_thing_that_no_rollout_changes_comes_with_what_to_do_about_it():
    drift = (moved("autoscaling.min"), moved("variants"), moved("autoscaling.max"), moved("weight of B"))
    assert by_hand(drift) == (
        "no rollout changes autoscaling.min and autoscaling.max: it needs instances to scale; correct kind or autoscaling in the "
        "fleet file; nor variants: go back to a config of before (rollback ENDPOINT --to CONFIG), update the endpoint in AWS to a "
        "config without the others, or list those that are meant to be there as other_variants in the fleet file; nor weight of B: "
        "set the weights in AWS, or update the endpoint to a config that says them"
    )
    assert by_hand((moved("new_key"),)) == "no rollout changes new_key: do it in AWS, or correct the fleet file"


def test_another_role_is_brought_with_a_model_that_has_it():
    role = "arn:aws:iam::123456789012:role/sagemaker"
    change = desired_change(a_spec(execution_role=role), a_standing(moved("execution_role")), None)
    assert change == Change(execution_role=role)


def test_a_foreign_model_is_mended_by_a_version_and_nothing_else():
    standing = a_standing(moved("model_package_group", "other", "sentiment"), running=None)
    assert desired_change(a_spec(), standing, ARN.format(4)) == Change(package=ARN.format(4))
    assert beyond_change(a_spec(), standing) == ()


def test_a_count_that_autoscaling_moves_is_autoscalings_to_mend():
    spec = a_spec(instance_count=2, autoscaling={"min": 1, "max": 4, "target": 100.0})
    assert desired_change(spec, a_standing(moved("instance_count", "7", "1 to 4")), None) is None
