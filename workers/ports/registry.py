"""The model registry."""

from typing import Protocol

from bot.domain.endpoint import ApprovalStatus, ModelPackage


class Registry(Protocol):
    """Model package groups and packages."""

    def describe_package(self, arn: str) -> ModelPackage:
        """Raises ResourceMissing(kind="model package")."""
        ...

    def set_approval(self, arn: str, status: ApprovalStatus, note: str) -> None:
        """Approve or reject a version of a group, for the reason that `note` gives (1,024 characters at most).

        Raises:
            ResourceMissing: kind="model package".
            ResourceBusy: somebody else changed it at the same moment.
        """
        ...

    def list_versions(self, group: str, approval: ApprovalStatus | None = None) -> tuple[ModelPackage, ...]:
        """Versions of a group, newest first. Raises ResourceMissing(kind="model package group")."""
        ...
