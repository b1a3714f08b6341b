"""AWS Marketplace Discovery: which versions a seller offers, and what changed in them. It names no model package."""

from __future__ import annotations

from typing import Any

from .behaviours import STT_EN_V1, STT_EN_V2, STT_EN_V3, STT_FR_V1
from .errors import AwsError, check_region
from .listing import page
from .marketplace import packages_by_product
from .world import Call, Package, operation

SERVICE = "marketplace-discovery"

_NOTES = {
    STT_EN_V1: "First release.",
    STT_EN_V2: "First words come about a third sooner. Numbers and dates are written as digits.",
    STT_EN_V3: "A larger language model: fewer wrong names, and more memory per stream.",
    STT_FR_V1: "First release.",
}


@operation(SERVICE, "ListFulfillmentOptions")
def list_fulfillment_options(call: Call) -> dict[str, Any]:
    check_region(call.region.name, "us-east-1")
    packages = packages_by_product(call.region.world).get(call.params["productId"])
    if packages is None:
        raise AwsError("ResourceNotFoundException", "The product does not exist.", status=404)
    offered = [_option(package) for package in sorted(packages, key=lambda p: p.created, reverse=True)]
    paging = {"MaxResults": call.params.get("maxResults"), "NextToken": call.params.get("nextToken")}
    chosen, more = page(offered, paging, default=50)
    return {"fulfillmentOptions": chosen, **({"nextToken": more["NextToken"]} if more else {})}


def _option(package: Package) -> dict[str, Any]:
    title = package.spec.get("ModelPackageDescription", package.name)
    inference = package.spec["InferenceSpecification"]
    return {
        "sageMakerModelFulfillmentOption": {
            "fulfillmentOptionId": f"fo-{package.name[-12:]}",
            "fulfillmentOptionType": "SAGEMAKER_MODEL",
            "fulfillmentOptionDisplayName": title,
            "fulfillmentOptionVersion": title.rpartition(" ")[2],
            "releaseNotes": _NOTES.get(package.name, "Improvements throughout."),
            "recommendation": {
                "recommendedBatchTransformInstanceType": "ml.g5.2xlarge",
                "recommendedRealtimeInferenceInstanceType": "ml.g5.2xlarge",
            },
            "supportedContentTypes": inference["SupportedContentTypes"],
            "supportedResponseMimeTypes": inference["SupportedResponseMIMETypes"],
        }
    }
