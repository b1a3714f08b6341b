"""A version of what an endpoint runs, as far as it takes to know it again."""

from bot.domain.model import Value


class Version(Value):
    """What a change would run."""

    content_hash: str = ""
    """Over the documents that run and those that would be created: the same change of the same fleet has the same."""
    package_arn: str | None = None
    """None where no package is named, as for a change of the environment."""
    label: str = ""
    """As people call it."""
    rank: int | None = None
    """Its place in the endpoint's model package group or track: of two ranks, the higher one came later. None outside of both."""
