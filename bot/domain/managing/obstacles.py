"""What keeps the bot from an endpoint for the moment, whatever it would do there: tags unread, a lock, a wave, somebody's rollout."""

from bot.domain.lock import in_words
from bot.domain.managing.moves import Nothing, Why
from bot.domain.managing.situation import Situation
from bot.domain.wave import Wave


def in_the_way(situation: Situation, package_arn: str | None = None) -> Nothing | None:
    """What has to be over before anything is done about the endpoint; None where nothing is.

    Args:
        situation: What is known of the endpoint.
        package_arn: The version that would be brought: a wave that only asks about another one stands in nobody's way.
    """
    if not situation.is_read and situation.asked_by is None:
        return Nothing(Why.UNREAD, "its tags, which may tell of held versions, are still to be read")
    if situation.lock is not None:
        return Nothing(Why.LOCKED, f"{in_words(situation.lock)} stands over it")
    if situation.in_wave is not None and not _is_overtaken(situation.in_wave, package_arn, situation):
        return Nothing(Why.IN_WAVE, f"wave {situation.in_wave.id} is {situation.in_wave.state.words} for it")
    if situation.others:
        other = situation.others[0]
        waits = "waits" if other.is_waiting else "is at work on it"
        return Nothing(Why.BUSY, f"rollout {other.id} {waits}")
    return None


def _is_overtaken(wave: Wave, package_arn: str | None, situation: Situation) -> bool:
    """Whether a wave that only asks so far would bring a version that is not the right one any more: then a new one takes its place."""
    brings_another = None not in (wave.package_arn, package_arn) and wave.package_arn != package_arn
    return wave.is_untouched_proposal and brings_another and situation.wave == wave.name
