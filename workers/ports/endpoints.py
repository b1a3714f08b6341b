"""SageMaker's control plane."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from bot.domain.endpoint import ConfigRecord, Document, EndpointStatus, Listed, ModelRecord, Snapshot


class Endpoints(Protocol):
    """SageMaker's control plane for one account and region."""

    def describe(self, name: str) -> Snapshot:
        """One observation. Raises ResourceMissing(kind="endpoint")."""
        ...

    def list(self) -> tuple[Listed, ...]:
        """All endpoints, 100 a page."""
        ...

    def list_statuses(self, status: EndpointStatus) -> frozenset[str]:
        """Names of all endpoints in that status, 100 a page."""
        ...

    def describe_config(self, name: str) -> ConfigRecord:
        """Raises ResourceMissing(kind="endpoint config")."""
        ...

    def describe_model(self, name: str, *, with_tags: bool = True) -> ModelRecord:
        """Raises ResourceMissing(kind="model"). Tags are a request of their own; without it, none are told."""
        ...

    def create_model(self, draft: ModelRecord) -> None:
        """Create it; if the name is taken by a model with the same content, that is success.

        Raises ResourceExists when the name is taken by something else.
        """
        ...

    def create_config(self, draft: ConfigRecord) -> None:
        """Create it; if the name is taken by a config with the same content, that is success.

        Raises ResourceExists when the name is taken by something else.
        """
        ...

    def update(
        self,
        name: str,
        config_name: str,
        *,
        counts_from_config: bool = False,
        weights_from_config: bool = False,
        deployment: Document | None = None,
    ) -> None:
        """UpdateEndpoint with RetainAllVariantProperties, exactly one HTTP request: never retried below this call.

        With `counts_from_config`, for a change that asks for another instance count, the counts of the config are taken instead
        of the live ones, which SageMaker would otherwise retain; `weights_from_config` is the same for traffic weights.
        `deployment` is a DeploymentConfig in SageMaker's spelling; without one the fleet is replaced all at once.

        Raises ResourceBusy when SageMaker is busy with the endpoint; GatewayError, too, when a variant that is autoscaled would
        go away or change its instance type; TransientError(outcome_unknown=True) when the answer was lost or came as a server
        error, because then the update may have begun.
        """
        ...

    def set_weights_and_capacities(
        self, name: str, weights: Mapping[str, float] | None = None, counts: Mapping[str, int] | None = None
    ) -> None:
        """UpdateEndpointWeightsAndCapacities: traffic weights and instance counts by variant, without a new config.

        Exactly one HTTP request, like `update`, and with the same errors. SageMaker takes weights of several variants at once,
        but the count of only one.
        """
        ...

    def create(self, name: str, config_name: str, tags: Mapping[str, str]) -> None:
        """CreateEndpoint, exactly one HTTP request, like `update`.

        Raises ResourceExists when there is an endpoint of that name, ResourceMissing(kind="endpoint config"), QuotaExceeded;
        TransientError(outcome_unknown=True) when it may have begun.
        """
        ...

    def delete(self, name: str) -> None:
        """DeleteEndpoint, exactly one HTTP request; its config and models stay.

        Raises ResourceBusy when SageMaker is busy with the endpoint, ResourceMissing(kind="endpoint") when it is gone already;
        TransientError(outcome_unknown=True) when it may have begun.
        """
        ...

    def change_tags(self, arn: str, put: Mapping[str, str], remove: Sequence[str] = ()) -> None:
        """Put tags on a resource and take others off; repeating it changes nothing more."""
        ...

    def tags(self, arn: str) -> Mapping[str, str]:
        """The tags of any SageMaker resource, without `aws:` ones."""
        ...
