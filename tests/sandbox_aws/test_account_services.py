"""Marketplace agreements, the price list and S3: what a plan asks of them before anything is changed."""

from __future__ import annotations

import json
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError

from sandbox.aws.behaviours import STT_EN_V2
from sandbox.aws.driver import AwsDriver
from sandbox.aws.fleet import STT_EN_PRODUCT, STT_FR_PRODUCT

from .conftest import Clients
from .local import LocalAws

ACCEPTOR = {"PartyType": "Acceptor", "AgreementType": "PurchaseAgreement"}
MODEL_DATA = {"Bucket": "acme-ml-registry", "Key": "sentiment/4/model.tar.gz"}


def agreements(aws: LocalAws, **filters: str) -> dict[str, str]:
    """Status by product."""
    asked = [{"name": name, "values": [value]} for name, value in (ACCEPTOR | filters).items()]
    found = aws.ask("SearchAgreements", "marketplace-agreement", catalog="AWSMarketplace", filters=asked)
    shown = found["agreementViewSummaries"]
    return {a["proposalSummary"]["resources"][0]["id"]: a["status"] for a in shown}


def test_a_subscription_is_an_active_agreement_about_the_product(aws: LocalAws) -> None:
    assert agreements(aws, ResourceIdentifier=STT_EN_PRODUCT, Status="ACTIVE") == {STT_EN_PRODUCT: "ACTIVE"}
    assert agreements(aws, ResourceType="MachineLearningProduct").keys() == {STT_EN_PRODUCT, STT_FR_PRODUCT}
    assert agreements(aws, ResourceIdentifier="prod-nobody-sells") == {}


def test_one_product_may_end_while_others_go_on(aws: LocalAws) -> None:
    aws.scenario("not-subscribed", None, package=STT_EN_PRODUCT)
    assert agreements(aws) == {STT_EN_PRODUCT: "TERMINATED", STT_FR_PRODUCT: "ACTIVE"}
    assert agreements(aws, ResourceIdentifier=STT_EN_PRODUCT, Status="ACTIVE") == {}
    aws.stand_in.world.scenarios.clear()
    assert agreements(aws, Status="ACTIVE").keys() == {STT_EN_PRODUCT, STT_FR_PRODUCT}


@pytest.mark.parametrize(
    ("catalog", "filters"),
    [
        ("AWSMarketplace", {"PartyType": "Acceptor"}),
        ("AWSMarketplace", {"AgreementType": "PurchaseAgreement"}),
        ("AWSMarketplace", ACCEPTOR | {"ResourceType": "MachineLearningProduct", "Status": "ACTIVE"}),
        ("Other", ACCEPTOR),
    ],
)
def test_only_the_documented_combinations_of_filters_are_answered(
    aws: LocalAws, catalog: str, filters: dict[str, str]
) -> None:
    asked = [{"name": name, "values": [value]} for name, value in filters.items()]
    refused = aws.refusal("SearchAgreements", "marketplace-agreement", catalog=catalog, filters=asked)
    assert refused.code == "ValidationException"


@pytest.mark.parametrize(
    ("service", "operation", "params"),
    [
        ("marketplace-agreement", "SearchAgreements", {"catalog": "AWSMarketplace"}),
        ("pricing", "GetProducts", {"ServiceCode": "AmazonSageMaker"}),
    ],
)
def test_global_services_have_no_address_in_other_regions(
    aws: LocalAws, service: str, operation: str, params: dict[str, Any]
) -> None:
    refused = aws.refusal(operation, service, region="eu-west-3", **params)
    assert refused.code == "InvalidSignatureException"


def test_agreements_come_in_pages(aws: LocalAws) -> None:
    filters = [{"name": name, "values": [value]} for name, value in ACCEPTOR.items()]
    ask = {"catalog": "AWSMarketplace", "filters": filters, "maxResults": 1}
    first = aws.ask("SearchAgreements", "marketplace-agreement", **ask)
    second = aws.ask("SearchAgreements", "marketplace-agreement", **ask, nextToken=first["nextToken"])
    assert first["agreementViewSummaries"] != second["agreementViewSummaries"]
    assert "nextToken" not in second


def hourly_usd(aws: LocalAws, instance_type: str) -> list[str]:
    terms = {"regionCode": "us-east-1", "component": "Hosting", "instanceName": instance_type}
    filters = [{"Type": "TERM_MATCH", "Field": field, "Value": value} for field, value in terms.items()]
    products = aws.ask("GetProducts", "pricing", ServiceCode="AmazonSageMaker", Filters=filters)["PriceList"]
    on_demand = [term for product in products for term in json.loads(product)["terms"]["OnDemand"].values()]
    return [d["pricePerUnit"]["USD"] for term in on_demand for d in term["priceDimensions"].values()]


def test_hosting_instances_have_one_price_and_unknown_types_none(aws: LocalAws) -> None:
    assert [float(price) for price in hourly_usd(aws, "ml.g5.2xlarge")] == [1.515]
    assert hourly_usd(aws, "ml.p5.48xlarge") == []


def test_model_data_has_a_size(clients: Clients, driver: AwsDriver) -> None:
    found = clients.of("s3").head_object(**MODEL_DATA)
    assert found["ContentLength"] == 440_401_920
    assert found["ETag"]
    assert found["LastModified"]
    assert driver.calls("HeadObject")[0]["parameters"] == MODEL_DATA


def test_the_bucket_may_stand_in_the_host_name(address: str, driver: AwsDriver) -> None:
    port = urlsplit(address).port
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    signed = "AWS4-HMAC-SHA256 Credential=AKIATEST/20261118/us-east-1/s3/aws4_request, Signature=00"
    named = {"Host": f"{MODEL_DATA['Bucket']}.localhost:{port}", "Authorization": signed}
    connection.request("HEAD", f"/{MODEL_DATA['Key']}", headers=named)
    answer = connection.getresponse()
    assert (answer.status, answer.headers["Content-Length"]) == (200, "440401920")
    connection.close()
    assert driver.calls("HeadObject")[0]["parameters"] == MODEL_DATA


def test_unknown_or_forbidden_model_data_is_told_by_the_status_alone(clients: Clients, driver: AwsDriver) -> None:
    s3 = clients.of("s3")
    with pytest.raises(ClientError) as missing:
        s3.head_object(Bucket="acme-ml-registry", Key="nobody/made/this")
    driver.fault("HeadObject", "access-denied")
    with pytest.raises(ClientError) as forbidden:
        s3.head_object(**MODEL_DATA)
    assert [caught.value.response["Error"]["Code"] for caught in (missing, forbidden)] == ["404", "403"]


def test_nothing_else_of_s3_is_served(clients: Clients) -> None:
    for call in (
        lambda s3: s3.put_object(**MODEL_DATA, Body=b""),
        lambda s3: s3.head_bucket(Bucket="acme-ml-registry"),
    ):
        with pytest.raises(ClientError) as caught:
            call(clients.of("s3"))
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


def test_agreements_travel_over_the_real_wire(clients: Clients) -> None:
    filters = [{"name": name, "values": [value]} for name, value in ACCEPTOR.items()]
    found = clients.of("marketplace-agreement").search_agreements(catalog="AWSMarketplace", filters=filters)
    assert {a["acceptor"]["accountId"] for a in found["agreementViewSummaries"]} == {"123456789012"}


def test_a_package_whose_subscription_ended_can_be_neither_configured_nor_deployed(aws: LocalAws) -> None:
    arn = f"arn:aws:sagemaker:us-east-1:865070037744:model-package/{STT_EN_V2}"
    container = {"ModelPackageName": arn}
    aws.ask("CreateModel", ModelName="stt-v2", PrimaryContainer=container, EnableNetworkIsolation=True)
    aws.new_config("stt-prod", ModelName="stt-v2")
    aws.scenario("not-subscribed", None, package=STT_EN_PRODUCT)
    variant = {"VariantName": "A", "ModelName": "stt-v2", "InstanceType": "ml.g5.2xlarge", "InitialInstanceCount": 1}
    for operation, params in (
        ("CreateEndpointConfig", {"EndpointConfigName": "later", "ProductionVariants": [variant]}),
        ("UpdateEndpoint", {"EndpointName": "stt-prod", "EndpointConfigName": "next"}),
    ):
        assert aws.refusal(operation, **params).message == "Caller is not subscribed to the marketplace offering."
