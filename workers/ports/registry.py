"""The model registry."""

from typing import Protocol

from bot.domain.endpoint import ApprovalStatus, ModelPackage


class Registry(Protocol):
    """Model package groups and packages."""

    def describe_package(self, arn: str) -> ModelPackage:
        """Raises ResourceMissing(kind="model package")."""
        ...

    def list_versions(self, group: str, approval: ApprovalStatus | None = None) -> tuple[ModelPackage, ...]:
        """Versions of a group, newest first. Raises ResourceMissing(kind="model package group")."""
        ...
