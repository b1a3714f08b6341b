"""Amazon SageMaker: models, endpoint configs, endpoints, the model registry and tags."""

from . import configs, endpoints, groups, models, packages, tags

__all__ = ["configs", "endpoints", "groups", "models", "packages", "tags"]
