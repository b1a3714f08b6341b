"""Whether now is a good time, and what becomes of streams that are open."""

from bot.domain.phases import Kind
from bot.domain.plan import Finding
from bot.domain.preflight.facts import Facts
from bot.domain.preflight.findings import CheckName, ok, warning
from bot.domain.traffic import open_connections, traffic_sentence


def now_is_a_good_time(facts: Facts) -> Finding | None:
    """Traffic now against the week before. Never asked about a way back, which waits for no quiet hour."""
    if facts.kind is not Kind.UPDATE:
        return None
    if facts.traffic is None:
        return warning(
            CheckName.TRAFFIC,
            "How much traffic there is could not be told.",
            "Make sure that now is a good time. To have it checked, allow the bot cloudwatch:GetMetricData.",
        )
    said = traffic_sentence(facts.traffic)
    if facts.traffic.now_per_minute is None:
        return warning(
            CheckName.TRAFFIC,
            said,
            "If there is none, the watch can judge nothing: send some requests after the cutover.",
        )
    if not facts.traffic.is_busy:
        return ok(CheckName.TRAFFIC, f"Now is no busy time: {said}")
    step = "Schedule it for the quiet hour" if facts.traffic.next_quiet_at else "Choose a quieter hour"
    return warning(CheckName.TRAFFIC, f"Now is a busy time: {said}", f"{step} unless it is urgent.")


def streams_go_on(facts: Facts) -> Finding | None:
    """Streams that are open at the cutover stay where they are until they end."""
    if facts.spec.kind != "streaming" or facts.kind is Kind.SCALE:
        return None
    said = open_connections(facts.connections)
    if facts.connections is None:
        return warning(
            CheckName.CONNECTIONS, said, "Do not judge the new fleet by callers that are still on the old one."
        )
    return ok(CheckName.CONNECTIONS, said)
