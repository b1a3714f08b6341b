"""Whether a change turns instances into serverless capacity or back: SageMaker refuses the one, and the other cannot be undone."""

from enum import StrEnum

from bot.domain.endpoint import ConfigRecord


class Conversion(StrEnum):
    """From one kind of capacity to the other (AWS Developer Guide, "Serverless Inference", feature exclusions)."""

    REALTIME_TO_SERVERLESS = "realtime_to_serverless"
    """SageMaker refuses the update with a ValidationException; the endpoint stays as it is."""
    SERVERLESS_TO_REALTIME = "serverless_to_realtime"
    """SageMaker makes it, and refuses the way back."""

    @property
    def is_refused(self) -> bool:
        """Whether SageMaker refuses to make this change at all."""
        return self is Conversion.REALTIME_TO_SERVERLESS

    @property
    def is_one_way(self) -> bool:
        """Whether there is no rollback after this change, because the way back is refused."""
        return self is Conversion.SERVERLESS_TO_REALTIME


def conversion(current_config: ConfigRecord, target_config: ConfigRecord, variant: str) -> Conversion | None:
    """The conversion that going from one config to the other means for a variant; None when its kind of capacity stays.

    A rollback is asked about like any other change: what it goes to is its target. A variant that one of the two configs does
    not have is not converted; that the names differ is another question.

    Args:
        current_config: The config that the endpoint is on.
        target_config: The config that it shall be on.
        variant: The production variant's name.
    """
    now, then = _is_serverless(current_config, variant), _is_serverless(target_config, variant)
    if now is None or then is None or now is then:
        return None
    return Conversion.SERVERLESS_TO_REALTIME if now else Conversion.REALTIME_TO_SERVERLESS


def _is_serverless(config: ConfigRecord, variant: str) -> bool | None:
    """None when the config has no such variant."""
    return next(("ServerlessConfig" in v for v in config.variants() if v["VariantName"] == variant), None)
