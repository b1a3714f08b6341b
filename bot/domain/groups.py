"""Model package groups by their names: a fleet file gives a group by its name or by its ARN."""


def group_name(group: str) -> str:
    """The name of a group that is given by its name or its ARN, as it is written there."""
    return group.rpartition("/")[2]


def is_same_group(one: str, other: str) -> bool:
    """Whether both mean one group, whichever account and region: SageMaker writes names in ARNs in lower case, people do not."""
    return group_name(one).casefold() == group_name(other).casefold()
