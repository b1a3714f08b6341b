"""The price list: SageMaker hosting instances, on demand, in US dollars per hour."""

from __future__ import annotations

import json
from typing import Any

from .errors import check_region
from .listing import page
from .world import Call, operation

HOURLY_USD = {
    "ml.m5.large": 0.115,
    "ml.m5.xlarge": 0.23,
    "ml.m5.2xlarge": 0.461,
    "ml.c5.xlarge": 0.204,
    "ml.g5.xlarge": 1.408,
    "ml.g5.2xlarge": 1.515,
    "ml.g5.4xlarge": 2.03,
    "ml.g5.12xlarge": 7.09,
    "ml.g6.xlarge": 1.006,
    "ml.inf1.xlarge": 0.297,
}
REGION = "us-east-1"
_SERVED_IN = ("us-east-1", "eu-central-1", "ap-south-1")  # whatever the region that a price is for


@operation("pricing", "GetProducts")
def get_products(call: Call) -> dict[str, Any]:
    check_region(call.region.name, *_SERVED_IN)
    wanted = {f["Field"]: f["Value"] for f in call.params.get("Filters", []) if f["Type"] == "TERM_MATCH"}
    if call.params["ServiceCode"] != "AmazonSageMaker":
        return {"FormatVersion": "aws_v1", "PriceList": []}
    found = [p for p in map(_product, HOURLY_USD) if wanted.items() <= p["product"]["attributes"].items()]
    chosen, more = page(found, call.params, default=100)
    return {"FormatVersion": "aws_v1", "PriceList": [json.dumps(product) for product in chosen], **more}


def _product(instance_type: str) -> dict[str, Any]:
    sku = f"SANDBOX{instance_type.upper().replace('.', '')}"
    dimension = {
        "unit": "Hrs",
        "description": f"${HOURLY_USD[instance_type]} per Hosting {instance_type} hour in US East (N. Virginia)",
        "pricePerUnit": {"USD": f"{HOURLY_USD[instance_type]:.10f}"},
        "rateCode": f"{sku}.JRTCKXETXF.6YS6EN2CT7",
    }
    return {
        "product": {
            "productFamily": "ML Instance",
            "sku": sku,
            "attributes": {
                "servicecode": "AmazonSageMaker",
                "instanceName": instance_type,
                "instanceType": instance_type.removeprefix("ml."),
                "component": "Hosting",
                "platoinstancename": instance_type.removeprefix("ml."),
                "regionCode": REGION,
                "location": "US East (N. Virginia)",
                "usagetype": f"USE1-Host:{instance_type}",
            },
        },
        "serviceCode": "AmazonSageMaker",
        "terms": {"OnDemand": {f"{sku}.JRTCKXETXF": {"priceDimensions": {dimension["rateCode"]: dimension}}}},
    }
