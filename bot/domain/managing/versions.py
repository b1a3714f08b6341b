"""Which version an endpoint shall run: the newest that may follow, or the one that the endpoint it follows has proved."""

from dataclasses import dataclass
from datetime import datetime

from bot.domain.board import BoardState, Standing
from bot.domain.fleet import EndpointSpec, Follows
from bot.domain.hold import Hold
from bot.domain.managing.desired import is_same_package
from bot.domain.managing.moves import Nothing, Why
from bot.domain.managing.ranks import is_later
from bot.domain.managing.situation import Situation, Upstream
from bot.domain.phases import Phase
from bot.domain.rollout import Rollout
from bot.domain.starting import written
from bot.domain.verdict import VerdictKind
from bot.domain.version import Version

_SERVES_WELL = frozenset(
    {BoardState.UP_TO_DATE, BoardState.OUT_OF_DATE, BoardState.HELD, BoardState.QUARANTINED, BoardState.DRIFTED}
)
"""States of an upstream endpoint that say nothing against the version that runs there."""


_PASSES = {BoardState.UPDATING: Why.UPDATING, BoardState.TESTING: Why.TESTING, BoardState.UNKNOWN: Why.UNKNOWN}
"""States of an upstream endpoint that pass by themselves: nothing begins meanwhile, and what waits is not taken back."""


@dataclass(frozen=True)
class Candidate:
    """The version that shall run."""

    package_arn: str
    label: str
    doubt: str = ""
    """Why a person is asked, although nothing speaks against it."""


def candidate_of(spec: EndpointSpec, standing: Standing, situation: Situation, now: datetime) -> Candidate | Nothing:
    """The version that shall run next, or why none shall."""
    if spec.follows is not None and not situation.is_led_by_stages:
        found = _proved(spec.follows, situation.upstream, now)
    elif standing.newest_package is not None:
        found = Candidate(standing.newest_package, standing.newest)
    else:
        found = Nothing(Why.NO_VERSION, "no version that may run on it is known")
    if isinstance(found, Nothing):
        return found
    if is_same_package(found.package_arn, standing.running_package):
        return Nothing(Why.AS_DECLARED, f"it runs {found.label or 'that version'} already")
    if hold := held(situation.holds, found.package_arn):
        return Nothing(Why.VERSION_HELD, f"{found.label} is {hold.kind.value} since {written(hold.since)}")
    return _newer(spec, standing, found)


def held(holds: tuple[Hold, ...], package_arn: str) -> Hold | None:
    """What stands against a version; a hold of the endpoint as a whole stands against every one."""
    return next((hold for hold in holds if hold.is_about(Version(package_arn=package_arn))), None)


def _newer(spec: EndpointSpec, standing: Standing, found: Candidate) -> Candidate | Nothing:
    """Only what comes later goes by itself; where that cannot be told, people say so."""
    later = is_later(spec, found.package_arn, than=standing.running_package)
    if standing.state is BoardState.NOT_DEPLOYED or later:
        return found
    if later is not None:
        return Nothing(Why.NOT_NEWER, f"{standing.running} is newer than {found.label}")
    of_what = "its track" if spec.track is not None else f"the group {spec.model_package_group}"
    doubt = f"what runs ({standing.running or 'not known'}) is no version of {of_what}"
    return Candidate(found.package_arn, found.label, found.doubt or doubt)


def _proved(follows: Follows, upstream: Upstream | None, now: datetime) -> Candidate | Nothing:
    """The version that runs upstream, if it has run there for long enough and did well."""
    name = follows.endpoint
    if upstream is not None and (state := _seen_state(upstream.standing)) in _PASSES:
        return Nothing(_PASSES[state], f"it follows {name}, which is {state.words} now")
    if upstream is None or upstream.standing.state not in _SERVES_WELL or upstream.standing.running_package is None:
        how = f" ({upstream.standing.state})" if upstream is not None else ""
        return Nothing(Why.UPSTREAM, f"it follows {name}, which proves no version now{how}")
    package, label = upstream.standing.running_package, upstream.standing.running
    if held(upstream.holds, package):
        return Nothing(Why.UPSTREAM, f"it follows {name}, where {label} is held")
    since = upstream.standing.running_since
    if since is None or now - since < follows.soak:
        until = f" until {written(since + follows.soak)}" if since is not None else ""
        return Nothing(Why.SOAKING, f"{label} soaks on {name}{until}")
    proof = next((r for r in upstream.past if _brought(r, package)), None)
    if proof is not None and not _did_well(proof):
        return Nothing(Why.UPSTREAM, f"it follows {name}, where {label} did not do well in rollout {proof.id}")
    return Candidate(package, label, "" if proof is not None else f"no rollout is known that brought {label} to {name}")


def _seen_state(standing: Standing) -> BoardState:
    """Of two versions side by side, one that was revoked says nothing yet: which one stays, people still decide."""
    is_tested = standing.is_trial and standing.state is BoardState.REVOKED
    return BoardState.TESTING if is_tested else standing.state


def _brought(rollout: Rollout, package_arn: str) -> bool:
    """Whether it changed the endpoint to that version, however that went."""
    if rollout.plan is None or not is_same_package(rollout.plan.package_arn, package_arn):
        return False
    return rollout.called_at is not None or rollout.phase is Phase.SUCCEEDED


def _did_well(rollout: Rollout) -> bool:
    if rollout.phase is not Phase.SUCCEEDED:
        return False
    is_worse = rollout.verdict is not None and rollout.verdict.kind is VerdictKind.REGRESSED
    return not is_worse or rollout.acceptance is not None
