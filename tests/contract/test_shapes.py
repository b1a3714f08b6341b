"""What a Create operation takes of a Describe answer, for every member that botocore's model knows, now and later."""

from typing import Any

import pytest

from workers.gateways.shapes import holds, sendable

from .clients import make_client


def one_of_everything(shape: Any, seen: tuple[str, ...] = ()) -> Any:
    """A document with every member of a shape filled in."""
    match shape.type_name:
        case "structure":
            return {
                name: one_of_everything(member, (*seen, shape.name))
                for name, member in shape.members.items()
                if member.name not in seen
            }
        case "list":
            return [one_of_everything(shape.member, seen)]
        case "map":
            return {"key": one_of_everything(shape.value, seen)}
        case "string":
            return shape.enum[0] if shape.enum else "text"
        case "boolean":
            return True
        case _:
            return 7


@pytest.mark.parametrize(
    ("resource", "describe_only"),
    [
        ("EndpointConfig", {"EndpointConfigArn", "CreationTime"}),
        ("Model", {"ModelArn", "CreationTime", "DeploymentRecommendation"}),
    ],
)
def test_every_member_that_create_takes_is_carried_from_describe(resource: str, describe_only: set[str]) -> None:
    service = make_client("sagemaker").meta.service_model
    taken = service.operation_model(f"Create{resource}").input_shape
    described = one_of_everything(service.operation_model(f"Describe{resource}").output_shape)
    document, left_out = sendable(described, taken)
    wanted = one_of_everything(taken)
    assert document == {member: value for member, value in wanted.items() if member != "Tags"}
    assert set(left_out) == describe_only


@pytest.mark.parametrize(
    ("sent", "found"),
    [
        ({"A": 1}, {"A": 1, "Default": 2}),
        ({"A": {"B": [1, 2]}}, {"A": {"B": [2, 1]}}),
        ({"V": [{"N": "a", "W": 1}, {"N": "b"}]}, {"V": [{"N": "b", "W": 1.0}, {"N": "a", "W": 1.0}]}),
        ({"W": 1 / 9}, {"W": 0.1111111119389534}),
        ({"Environment": {}}, {}),
        ({"Flag": False}, {}),
        ({"Subnets": []}, {}),
        (
            {"ModelPackageName": "arn:aws:sagemaker:x:1:model-package/Big"},
            {"ModelPackageName": "arn:aws:sagemaker:x:1:model-package/big"},
        ),
    ],
)
def test_defaults_and_reordering_are_the_same_content(sent: Any, found: Any) -> None:
    assert holds(sent, found)


@pytest.mark.parametrize(
    ("sent", "found"),
    [
        ({"A": 1}, {"A": 2}),
        ({"W": 1 / 9}, {"W": 0.1112}),
        ({"A": 1}, {}),
        ({"A": [1, 2]}, {"A": [1]}),
        ({"A": [1]}, {"A": [1, 2]}),
        ({"A": [1, 1]}, {"A": [1, 2]}),
        ({"Flag": True}, {}),
        ({"Containers": [{"Image": "a"}, {"Image": "b"}]}, {"Containers": [{"Image": "b"}, {"Image": "a"}]}),
        ({"Environment": {"A": "1"}}, {"Environment": {"A": "1", "B": "2"}}),
        ({"A": {"B": 1}}, {"A": None}),
    ],
)
def test_other_content_is_told_from_ours(sent: Any, found: Any) -> None:
    assert not holds(sent, found)
