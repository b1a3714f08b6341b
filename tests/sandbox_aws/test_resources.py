"""Models, configs, the registry, tags, lists, quotas and prices; and the sample fleet itself."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .conftest import Clients
from .local import LocalAws

GROUP = "arn:aws:sagemaker:us-east-1:123456789012:model-package/sentiment"


def test_the_sample_fleet_has_four_endpoints_of_four_kinds(clients: Clients) -> None:
    shown = clients.sagemaker.list_endpoints(SortBy="Name", SortOrder="Ascending")["Endpoints"]
    assert [(e["EndpointName"], e["EndpointStatus"]) for e in shown] == [
        (name, "InService") for name in ("credibility", "product-perception", "sentiment-prod", "stt-prod")
    ]
    for endpoint in shown:
        described = clients.sagemaker.describe_endpoint(EndpointName=endpoint["EndpointName"])
        config = clients.sagemaker.describe_endpoint_config(EndpointConfigName=described["EndpointConfigName"])
        model = clients.sagemaker.describe_model(ModelName=config["ProductionVariants"][0]["ModelName"])
        package = clients.sagemaker.describe_model_package(
            ModelPackageName=model["PrimaryContainer"]["ModelPackageName"]
        )
        assert package["ModelPackageStatus"] == "Completed"
        assert described["LastModifiedTime"] == described["CreationTime"]


def test_the_autoscaled_endpoint_runs_more_instances_than_its_config_says(aws: LocalAws) -> None:
    config = aws.ask("DescribeEndpointConfig", EndpointConfigName="sentiment-prod-config-v3")
    assert config["ProductionVariants"][0]["InitialInstanceCount"] == 2
    assert aws.describe()["ProductionVariants"][0]["DesiredInstanceCount"] == 4
    assert aws.describe()["DataCaptureConfig"]["CaptureStatus"] == "Started"


def test_sentiment_has_versions_in_every_state_of_approval(aws: LocalAws) -> None:
    found = aws.ask("ListModelPackages", ModelPackageGroupName="sentiment", SortOrder="Descending")
    assert [(p["ModelPackageVersion"], p["ModelApprovalStatus"]) for p in found["ModelPackageSummaryList"]] == [
        (5, "PendingManualApproval"),
        (4, "Approved"),
        (3, "Approved"),
        (2, "Rejected"),
        (1, "Approved"),
    ]


def test_lists_of_packages_start_with_the_oldest_and_without_a_group_leave_versions_out(aws: LocalAws) -> None:
    first = aws.ask("ListModelPackages", ModelPackageGroupName="sentiment", MaxResults=1)["ModelPackageSummaryList"]
    assert first[0]["ModelPackageVersion"] == 1
    assert aws.ask("ListModelPackages")["ModelPackageSummaryList"] == []
    approved = aws.ask("ListModelPackages", ModelPackageType="Both", ModelApprovalStatus="Approved", MaxResults=100)
    assert len(approved["ModelPackageSummaryList"]) == 3 + 2 + 2


def test_marketplace_packages_show_their_product(aws: LocalAws) -> None:
    name = "arn:aws:sagemaker:us-east-1:865070037744:model-package/acme-stt-en-v2-fedcba9876543210fedcba9876543210"
    package = aws.ask("DescribeModelPackage", ModelPackageName=name)
    assert package["InferenceSpecification"]["Containers"][0]["ProductId"] == "acme-stt-en-prod-7yqk2mzt4r"
    assert "ModelPackageVersion" not in package
    assert "ModelApprovalStatus" not in package


def test_a_version_is_approved_by_somebody_at_some_time(aws: LocalAws) -> None:
    arn = f"{GROUP}/5"
    aws.ask("UpdateModelPackage", ModelPackageArn=arn, ModelApprovalStatus="Approved", ApprovalDescription="fine")
    package = aws.ask("DescribeModelPackage", ModelPackageName=arn)
    assert (package["ModelApprovalStatus"], package["ApprovalDescription"]) == ("Approved", "fine")
    assert package["LastModifiedTime"] == aws.clock.now()
    assert package["LastModifiedBy"]["IamIdentity"]["Arn"].endswith("user/endpoint-bot")


def test_customer_metadata_is_merged_and_removed_by_key(aws: LocalAws) -> None:
    arn = f"{GROUP}/4"
    before = aws.ask("DescribeModelPackage", ModelPackageName=arn)["CustomerMetadataProperties"]
    assert before["mlflow.run_id"]
    aws.ask(
        "UpdateModelPackage",
        ModelPackageArn=arn,
        CustomerMetadataProperties={"note": "x"},
        CustomerMetadataPropertiesToRemove=["mlflow.experiment"],
    )
    after = aws.ask("DescribeModelPackage", ModelPackageName=arn)["CustomerMetadataProperties"]
    assert after == {k: v for k, v in before.items() if k != "mlflow.experiment"} | {"note": "x"}


def test_a_version_without_customer_metadata_can_be_decided_on_and_described(aws: LocalAws) -> None:
    specification = {"Containers": [{"Image": "repo/x:6"}]}
    arn = aws.ask("CreateModelPackage", ModelPackageGroupName="sentiment", InferenceSpecification=specification)
    aws.ask("UpdateModelPackage", ModelPackageArn=arn["ModelPackageArn"], ModelApprovalStatus="Approved")
    package = aws.ask("DescribeModelPackage", ModelPackageName=arn["ModelPackageArn"])
    assert package["ModelApprovalStatus"] == "Approved"
    assert "CustomerMetadataProperties" not in package


def test_new_versions_get_the_next_number_and_wait_for_approval(aws: LocalAws) -> None:
    specification = {"Containers": [{"Image": "repo/x:6"}]}
    made = aws.ask("CreateModelPackage", ModelPackageGroupName="sentiment", InferenceSpecification=specification)
    assert made["ModelPackageArn"] == f"{GROUP}/6"
    package = aws.ask("DescribeModelPackage", ModelPackageName=made["ModelPackageArn"])
    assert package["ModelApprovalStatus"] == "PendingManualApproval"


def test_groups_can_be_made_listed_and_deleted_when_empty(aws: LocalAws) -> None:
    aws.ask("CreateModelPackageGroup", ModelPackageGroupName="fresh")
    names = [g["ModelPackageGroupName"] for g in aws.ask("ListModelPackageGroups")["ModelPackageGroupSummaryList"]]
    assert names == ["credibility", "product-perception", "sentiment", "fresh"]
    aws.ask("DeleteModelPackageGroup", ModelPackageGroupName="fresh")
    assert aws.refusal("DeleteModelPackageGroup", ModelPackageGroupName="sentiment").code == "ConflictException"


def test_arns_are_lower_case_and_found_whatever_their_case(aws: LocalAws) -> None:
    made = aws.ask(
        "CreateModel", ModelName="MyModel", PrimaryContainer={"Image": "repo/x:1"}, Tags=[{"Key": "a", "Value": "1"}]
    )
    assert made["ModelArn"] == "arn:aws:sagemaker:us-east-1:123456789012:model/mymodel"
    tags = aws.ask("ListTags", ResourceArn=made["ModelArn"].replace("mymodel", "MyModel"))["Tags"]
    assert tags == [{"Key": "a", "Value": "1"}]


def test_tags_are_added_replaced_and_deleted(aws: LocalAws) -> None:
    arn = aws.describe("stt-prod")["EndpointArn"]
    aws.ask("AddTags", ResourceArn=arn, Tags=[{"Key": "env", "Value": "test"}, {"Key": "rollout:id", "Value": "r1"}])
    aws.ask("DeleteTags", ResourceArn=arn, TagKeys=["team"])
    found = {tag["Key"]: tag["Value"] for tag in aws.ask("ListTags", ResourceArn=arn)["Tags"]}
    assert found == {"env": "test", "rollout:id": "r1"}


@pytest.mark.parametrize(
    ("arn", "tags"),
    [
        ("endpoint/stt-prod", [{"Key": "aws:mine", "Value": "x"}]),
        ("endpoint/stt-prod", [{"Key": "a", "Value": "x"}, {"Key": "a", "Value": "y"}]),
        ("endpoint/stt-prod", [{"Key": f"k{n}", "Value": "x"} for n in range(49)]),
        ("endpoint/nope", [{"Key": "a", "Value": "x"}]),
        ("model-package/sentiment/3", [{"Key": "a", "Value": "x"}]),
    ],
)
def test_tags_that_cannot_be_are_refused(aws: LocalAws, arn: str, tags: list[dict[str, str]]) -> None:
    full = f"arn:aws:sagemaker:us-east-1:123456789012:{arn}"
    assert aws.refusal("AddTags", ResourceArn=full, Tags=tags).code == "ValidationException"


def test_reserved_tags_are_listed_but_cannot_be_sent(aws: LocalAws) -> None:
    arn = aws.ask("DescribeEndpointConfig", EndpointConfigName="sentiment-prod-config-v3")["EndpointConfigArn"]
    tags = aws.ask("ListTags", ResourceArn=arn)["Tags"]
    assert any(tag["Key"].startswith("aws:") for tag in tags)
    container = {"Image": "repo/x:1"}
    assert (
        aws.refusal("CreateModel", ModelName="m", PrimaryContainer=container, Tags=tags).code == "ValidationException"
    )
    assert aws.refusal("DescribeModel", ModelName="m").code == "ValidationException"


def test_lists_of_endpoints_have_pages_of_ten_newest_first(aws: LocalAws) -> None:
    for number in range(12):
        aws.clock.advance(1)
        aws.ask("CreateEndpoint", EndpointName=f"extra-{number}", EndpointConfigName="credibility-config-v1")
    first = aws.ask("ListEndpoints")
    assert [e["EndpointName"] for e in first["Endpoints"]] == [f"extra-{n}" for n in range(11, 1, -1)]
    second = aws.ask("ListEndpoints", NextToken=first["NextToken"])
    assert len(second["Endpoints"]) == 6
    assert "NextToken" not in second
    assert aws.refusal("ListEndpoints", NextToken="rubbish").code == "ValidationException"


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({"StatusEquals": "Creating"}, {"fresh"}),
        ({"NameContains": "PROD"}, {"stt-prod", "sentiment-prod", "product-perception"}),
        ({"LastModifiedTimeAfter": "an hour ago"}, {"fresh"}),
        ({"CreationTimeBefore": "an hour ago", "NameContains": "stt"}, {"stt-prod"}),
    ],
)
def test_lists_of_endpoints_can_be_filtered(aws: LocalAws, filters: dict[str, Any], names: set[str]) -> None:
    an_hour_ago = aws.clock.now()
    aws.clock.advance(3600)
    aws.ask("CreateEndpoint", EndpointName="fresh", EndpointConfigName="credibility-config-v1")
    asked = {key: an_hour_ago if value == "an hour ago" else value for key, value in filters.items()}
    assert {e["EndpointName"] for e in aws.ask("ListEndpoints", **asked)["Endpoints"]} == names


def test_paginators_of_boto3_work(clients: Clients) -> None:
    pages = clients.sagemaker.get_paginator("list_model_packages").paginate(
        ModelPackageGroupName="sentiment", PaginationConfig={"PageSize": 2}
    )
    assert [p["ModelPackageVersion"] for page in pages for p in page["ModelPackageSummaryList"]] == [1, 2, 3, 4, 5]
    quotas = (
        clients.of("service-quotas")
        .get_paginator("list_service_quotas")
        .paginate(ServiceCode="sagemaker", PaginationConfig={"PageSize": 5})
    )
    names = {quota["QuotaName"]: quota["Value"] for page in quotas for quota in page["Quotas"]}
    assert names["ml.g5.2xlarge for endpoint usage"] == 8.0


def test_default_quotas_differ_from_applied_ones(aws: LocalAws) -> None:
    ask = {"ServiceCode": "sagemaker", "QuotaCode": "L-9614C779"}
    assert aws.ask("GetServiceQuota", "service-quotas", **ask)["Quota"]["Value"] == 8.0
    assert aws.ask("GetAWSDefaultServiceQuota", "service-quotas", **ask)["Quota"]["Value"] == 0.0


def test_prices_are_found_by_instance_and_region(aws: LocalAws) -> None:
    filters = [
        {"Type": "TERM_MATCH", "Field": "instanceName", "Value": "ml.g5.2xlarge"},
        {"Type": "TERM_MATCH", "Field": "regionCode", "Value": "us-east-1"},
    ]
    answer = aws.ask("GetProducts", "pricing", ServiceCode="AmazonSageMaker", Filters=filters)
    (product,) = map(json.loads, answer["PriceList"])
    (term,) = product["terms"]["OnDemand"].values()
    (dimension,) = term["priceDimensions"].values()
    assert float(dimension["pricePerUnit"]["USD"]) == 1.515
