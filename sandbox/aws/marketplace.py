"""AWS Marketplace agreements: what the account has subscribed to."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from .errors import check_region, validation
from .listing import page
from .world import Call, Package, World, operation

SERVICE = "marketplace-agreement"
_SELLER_ACCOUNT = "679593333241"
# What an acceptor may filter by, beside PartyType and AgreementType; any of them with the bounds of the end time.
_ACCEPTOR_FILTERS = {
    frozenset[str](),
    frozenset({"Status"}),
    frozenset({"ResourceIdentifier"}),
    frozenset({"ResourceIdentifier", "Status"}),
    frozenset({"ResourceType"}),
    frozenset({"OfferId"}),
    frozenset({"OfferId", "Status"}),
}
_END_TIMES = {"BeforeEndTime", "AfterEndTime"}


@operation(SERVICE, "SearchAgreements")
def search_agreements(call: Call) -> dict[str, Any]:
    check_region(call.region.name, "us-east-1")
    if call.params.get("catalog") != "AWSMarketplace":
        raise validation("The catalog must be AWSMarketplace.")
    filters = {given["name"]: given["values"][0] for given in call.params.get("filters", []) if given.get("values")}
    _check_filters(filters)
    found = [agreement for agreement in _agreements(call) if _fits(agreement, filters)]
    paging = {"MaxResults": call.params.get("maxResults"), "NextToken": call.params.get("nextToken")}
    chosen, more = page(found, paging, default=50)
    return {"agreementViewSummaries": chosen, **({"nextToken": more["NextToken"]} if more else {})}


def packages_by_product(world: World) -> dict[str, list[Package]]:
    """The model packages of every Marketplace product, whichever account sells it."""
    found: dict[str, list[Package]] = {}
    for region in world.regions.values():
        for package in region.packages.values():
            if package.product_id is not None:
                found.setdefault(package.product_id, []).append(package)
    return found


def _agreements(call: Call) -> Iterator[dict[str, Any]]:
    """One agreement per product: active while the account may use any of its packages, terminated afterwards."""
    for product, packages in sorted(packages_by_product(call.region.world).items()):
        accepted = min(package.created for package in packages) + timedelta(days=1)
        yield {
            "agreementId": f"agmt-{product[-12:]}",
            "acceptanceTime": accepted,
            "startTime": accepted,
            "agreementType": "PurchaseAgreement",
            "acceptor": {"accountId": call.region.account},
            "proposer": {"accountId": _SELLER_ACCOUNT},
            "proposalSummary": {
                "resources": [{"id": product, "type": "MachineLearningProduct"}],
                "offerId": f"offer-{product[-12:]}",
            },
            "status": "ACTIVE" if any(package.subscribed for package in packages) else "TERMINATED",
        }


def _check_filters(filters: dict[str, str]) -> None:
    if filters.get("PartyType") != "Acceptor":
        raise validation("The PartyType filter is required; this stand-in knows Acceptor only.")
    if filters.get("AgreementType") != "PurchaseAgreement":
        raise validation("The AgreementType filter is required, with the value PurchaseAgreement.")
    others = filters.keys() - {"PartyType", "AgreementType"} - _END_TIMES
    if frozenset(others) not in _ACCEPTOR_FILTERS:
        raise validation(f"This combination of filters is not supported: {', '.join(sorted(filters))}.")


def _fits(agreement: dict[str, Any], filters: dict[str, str]) -> bool:
    (resource,) = agreement["proposalSummary"]["resources"]
    told = {
        "Status": agreement["status"],
        "ResourceIdentifier": resource["id"],
        "ResourceType": resource["type"],
        "OfferId": agreement["proposalSummary"]["offerId"],
    }
    return all(told[name] == value for name, value in filters.items() if name in told)
