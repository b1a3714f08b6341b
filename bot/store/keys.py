"""Every key in Redis, by name. Instants are stored as epoch seconds, records as JSON."""

from enum import StrEnum

PREFIX = "endpoint-bot"


class Due(StrEnum):
    """What can be due: each kind is a sorted set of ids scored by when to dispatch them. Clicks go before ticks, ticks before news."""

    ERRANDS = "errands"
    TICKS = "ticks"
    TELLS = "tells"
    ROUNDS = "rounds"


ACTIVE = f"{PREFIX}:active"
ANNOUNCEMENTS = f"{PREFIX}:announcements"
AUDIT = f"{PREFIX}:audit"
FENCE = f"{PREFIX}:fence"
HISTORY = f"{PREFIX}:history"
KEPT = f"{PREFIX}:kept"
KEPT_ERA = f"{PREFIX}:kept-era"
LIFTED = f"{PREFIX}:lifted"
LOCKS = f"{PREFIX}:locks"
NOTES_LEFT = f"{PREFIX}:notes-left"
SEARCHED = f"{PREFIX}:searched"
TRIALS = f"{PREFIX}:trials"
BREAKS = f"{PREFIX}:breaks"
DECLARED = f"{PREFIX}:declared"
PUMP = f"{PREFIX}:pump"
VIEWERS = f"{PREFIX}:viewers"
WAVES = f"{PREFIX}:waves"
WAVES_ACTIVE = f"{PREFIX}:waves-active"
WAVES_UNTOLD = f"{PREFIX}:waves-untold"


def rollout(rollout_id: str) -> str:
    """Hash: revision, phase, endpoint, thread_ts, doc."""
    return f"{PREFIX}:rollout:{rollout_id}"


def slots(rollout_id: str) -> str:
    """Hash: what was posted for each slot of the rollout's thread."""
    return f"{PREFIX}:slots:{rollout_id}"


def lease(endpoint: str) -> str:
    """JSON: which rollout holds the endpoint."""
    return f"{PREFIX}:lease:{endpoint}"


def lock_effect(errand_id: str) -> str:
    """JSON: what an errand did to a lock."""
    return f"{PREFIX}:lock-effect:{errand_id}"


def holds_on(endpoint: str) -> str:
    """Hash: what stands against the endpoint or versions of it, by what it is about."""
    return f"{PREFIX}:holds:{endpoint}"


def proposals(endpoint: str) -> str:
    """Hash: what the endpoint manager proposed for the endpoint, by what it rested on."""
    return f"{PREFIX}:proposals:{endpoint}"


def hold_effect(errand_id: str) -> str:
    """JSON: the holds that an errand put on or lifted."""
    return f"{PREFIX}:hold-effect:{errand_id}"


def version_effect(errand_id: str) -> str:
    """JSON: what an errand decided on a version of the registry; empty until it did."""
    return f"{PREFIX}:version-effect:{errand_id}"


def active_on(endpoint: str) -> str:
    """Set: active rollouts of the endpoint."""
    return f"{PREFIX}:active:{endpoint}"


def history(endpoint: str) -> str:
    """Sorted set: all rollouts of the endpoint by when they began."""
    return f"{PREFIX}:history:{endpoint}"


def durations(endpoint: str) -> str:
    """List: seconds that past updates of the endpoint took, newest first."""
    return f"{PREFIX}:durations:{endpoint}"


def thread(channel_id: str, thread_ts: str) -> str:
    """The rollout whose story is told in that thread."""
    return f"{PREFIX}:thread:{channel_id}:{thread_ts}"


def due(kind: Due) -> str:
    """Sorted set: ids by when they are due."""
    return f"{PREFIX}:due:{kind}"


def errand(errand_id: str) -> str:
    """Hash: doc, queue, and `done` once it is."""
    return f"{PREFIX}:errand:{errand_id}"


def hold(kind: str, id: str) -> str:
    """A short-lived exclusive right, held by a token."""
    return f"{PREFIX}:hold:{kind}:{id}"


def answer(request_id: str) -> str:
    """List with one element: what a waiting terminal shall print."""
    return f"{PREFIX}:answer:{request_id}"


def slack_pause(method: str) -> str:
    """Until when Slack asked us not to call a method."""
    return f"{PREFIX}:slack-pause:{method}"


def slack_budget(method: str, minute: int) -> str:
    """Calls of a method in one minute of the clock."""
    return f"{PREFIX}:slack-budget:{method}:{minute}"


def slack_trouble(rollout_id: str) -> str:
    """How often in a row Slack failed for this rollout."""
    return f"{PREFIX}:slack-trouble:{rollout_id}"


def glance(place: str) -> str:
    """JSON: names of the endpoints that SageMaker is updating in one account and region, and when it said so."""
    return f"{PREFIX}:glance:{place}"


def numbers(rollout_id: str) -> str:
    """JSON: CloudWatch's numbers of the rollout's watch, as far as they were read."""
    return f"{PREFIX}:numbers:{rollout_id}"


def notice(key: str) -> str:
    """message_ts of what was said once; empty from the claim until then."""
    return f"{PREFIX}:notice:{key}"


def seen(what: str) -> str:
    """Hash: JSON of what the census saw, by what it is about."""
    return f"{PREFIX}:seen:{what}"


def wave(wave_id: str) -> str:
    """Hash: revision, thread_ts, news, doc."""
    return f"{PREFIX}:wave:{wave_id}"


def wave_thread(channel_id: str, thread_ts: str) -> str:
    """The wave whose story is told in that thread."""
    return f"{PREFIX}:wave-thread:{channel_id}:{thread_ts}"


def viewer(user_id: str) -> str:
    """Hash: what somebody looks at in the App Home tab, and what was drawn there last."""
    return f"{PREFIX}:viewer:{user_id}"


def memory(key: str) -> str:
    """Something that lapses by itself."""
    return f"{PREFIX}:memory:{key}"
