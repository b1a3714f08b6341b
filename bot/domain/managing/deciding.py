"""The decision: one endpoint, how it stands and what is known about it, and what the manager does about it now.

Pure and total: every board state leads to a move, and a move that is nothing says why.
"""

from dataclasses import dataclass
from datetime import datetime

from bot.domain.autoscale import AutoscaleAsk
from bot.domain.board import BoardState, Standing
from bot.domain.commands import Change
from bot.domain.content import content_hash_of
from bot.domain.endpoint import EndpointStatus
from bot.domain.fleet import EndpointSpec
from bot.domain.hold import HoldKind
from bot.domain.kept_alarms import is_about_alarms
from bot.domain.managing.byhand import by_hand, left_by_hand
from bot.domain.managing.desired import beyond_change, desired_autoscaling, desired_change
from bot.domain.managing.moves import SETTLED, ByWave, Move, Nothing, Open, Why, Withdraw
from bot.domain.managing.obstacles import in_the_way
from bot.domain.managing.persons import chosen_doubt, chosen_scaling_doubt, forgotten_doubt, outside_doubt, torn_down_by
from bot.domain.managing.proposals import again_after, signature_of, wanted_of
from bot.domain.managing.ranks import rank_of
from bot.domain.managing.situation import Situation
from bot.domain.managing.versions import Candidate, candidate_of, held
from bot.domain.names import literal, mention
from bot.domain.phases import Kind
from bot.domain.rollout import Rollout
from bot.domain.starting import written

_LEFT_ALONE = {
    BoardState.UNKNOWN: (Why.UNKNOWN, "AWS did not tell how it stands"),
    BoardState.UPDATING: (Why.UPDATING, "it is being updated"),
    BoardState.TESTING: (Why.TESTING, "two versions are compared on it"),
    BoardState.UNPATCHABLE: (Why.NEEDS_PERSON, "its config or a model of it was deleted"),
    BoardState.UNMANAGED: (Why.BY_POLICY, "it is not in the fleet file"),
}
"""States in which nothing is brought to an endpoint, whatever is wanted."""


@dataclass(frozen=True)
class _Wish:
    """What would be right to bring, whatever stands in its way for the moment."""

    kind: Kind
    change: Change
    label: str
    reason: str
    autoscale: AutoscaleAsk | None = None
    doubt: str = ""
    """Why a person is asked although the policy is auto."""


def decide(spec: EndpointSpec, standing: Standing, situation: Situation, now: datetime) -> Move:
    """What the manager does about an endpoint now."""
    wish, own = _wish(spec, standing, situation, now), situation.own_plan
    if isinstance(wish, Nothing):
        return Withdraw(own.id, wish) if own is not None and wish.why in SETTLED else wish
    # `auto` is the bot's own leave: what a person asks for needs approval, as a promote of theirs would.
    without_click = spec.policy == "auto" and not wish.doubt and situation.asked_by is None
    if obstacle := _obstacle(wish, situation, own, without_click=without_click):
        return obstacle
    wanted = wanted_of(spec.name, wish.kind, wish.change, wish.autoscale)
    signature = signature_of(wanted, _present(standing, wish))
    if situation.asked_by is None and (no := _remembered_no(situation, signature, wanted, wish, now)):
        return no
    reason = f"{wish.reason}; asks because {wish.doubt}" if wish.doubt and spec.policy == "auto" else wish.reason
    attempt = 1 + max((t.proposal.attempt for t in situation.proposed if t.proposal.signature == signature), default=0)
    if situation.wave is not None and wish.kind is Kind.UPDATE:
        return ByWave(
            wave=situation.wave,
            package_arn=wish.change.package,
            label=wish.label,
            change=wish.change,
            without_click=without_click,
            reason=reason,
            signature=signature,
            wanted=wanted,
            attempt=attempt,
        )
    return Open(
        kind=wish.kind,
        change=wish.change,
        without_click=without_click,
        reason=reason,
        signature=signature,
        wanted=wanted,
        attempt=attempt,
        replaces=own.id if own is not None else "",
        autoscale=wish.autoscale,
    )


def _wish(spec: EndpointSpec, standing: Standing, situation: Situation, now: datetime) -> _Wish | Nothing:
    if standing.state in _LEFT_ALONE:
        why, text = _LEFT_ALONE[standing.state]
        is_told = standing.state is BoardState.UNPATCHABLE and standing.problem
        return Nothing(why, standing.problem[0].lower() + standing.problem[1:] if is_told else text)
    if standing.state is BoardState.REVOKED and standing.is_trial:
        return Nothing(Why.TESTING, _until_the_test_ends(standing))
    if standing.state is BoardState.UP_TO_DATE and not standing.drift:
        return Nothing(Why.AS_DECLARED, "it is as the fleet file and the registry say")
    if spec.policy == "manual" and situation.asked_by is None:
        return Nothing(Why.BY_POLICY, "its policy is manual")
    if hold := next((h for h in situation.holds if h.kind is HoldKind.BY_PERSON), None):
        return Nothing(Why.HELD, f"{mention(hold.actor)} holds it: {literal(hold.reason)}")
    candidate = candidate_of(spec, standing, situation, now)
    if standing.state is BoardState.NOT_DEPLOYED:
        return _creation(standing, candidate, situation)
    if standing.state is BoardState.FAILED:
        return _recreation(standing, candidate, situation)
    if standing.state is BoardState.REVOKED and isinstance(candidate, Nothing):
        return _revoked(spec, standing, candidate)
    if standing.state is BoardState.REVOKED and spec.policy != "auto" and situation.asked_by is None:
        return Nothing(Why.BY_POLICY, f"{standing.running} is not approved, and its policy is {spec.policy}")
    return _update(spec, standing, candidate, situation)


def _until_the_test_ends(standing: Standing) -> str:
    ending = f"ab finish {standing.endpoint} --keep A, or --keep B"
    return (
        f"two versions are compared on it, and {standing.running} is not approved; nothing is brought to it until a person ends that: "
        f"{ending}"
    )


def _revoked(spec: EndpointSpec, standing: Standing, why_none: Nothing) -> Nothing:
    """The bot goes to no older version by itself; people may."""
    older = standing.newest_package
    if why_none.why is Why.NOT_NEWER and older is not None:
        version = rank_of(spec, older) if spec.model_package_group is not None else None
        which = f"--version {version}" if version is not None else f"--package {older}"
        advice = f"to go to {standing.newest}: promote {spec.name} {which}"
    else:
        advice = f"approve a version that may run, or go back: rollback {spec.name}"
    return Nothing(Why.REVOKED, f"it is REVOKED: {standing.running} is not approved, and {why_none.text}; {advice}")


def _creation(standing: Standing, candidate: Candidate | Nothing, situation: Situation) -> _Wish | Nothing:
    if isinstance(candidate, Nothing):
        return candidate
    teardown = torn_down_by(situation.past)
    if teardown is not None and situation.asked_by is None:
        return Nothing(Why.TORN_DOWN, f"{mention(teardown.requester)} had it deleted, {written(teardown.last.at)}")
    doubt = candidate.doubt or ("" if situation.is_newcomer else "it may have been deleted on purpose")
    return _created(candidate.package_arn, candidate.label, "the fleet file declares it", doubt)


def _recreation(standing: Standing, candidate: Candidate | Nothing, situation: Situation) -> _Wish | Nothing:
    """SageMaker takes nothing but DeleteEndpoint for an endpoint that is Failed, and nothing that is certain for a mix."""
    if standing.snapshot is None or standing.snapshot.status is not EndpointStatus.FAILED:
        return Nothing(Why.NEEDS_PERSON, "SageMaker left it in a state that a person has to look at")
    doubt = "recreating it means deleting it first"
    if isinstance(candidate, Candidate):
        return _created(candidate.package_arn, candidate.label, "SageMaker says that it is Failed", doubt)
    before, newest = standing.running_package, standing.newest_package
    if before is not None and standing.is_approved and not held(situation.holds, before):
        return _created(before, standing.running, "SageMaker says that it is Failed", doubt)
    if newest is not None and candidate.why is Why.NOT_NEWER:  # an older one takes nothing away where nothing serves
        lost = f"{standing.running} is not approved, so it is not created with that; {doubt}"
        return _created(newest, standing.newest, "SageMaker says that it is Failed", lost)
    return candidate


def _created(package_arn: str, label: str, reason: str, doubt: str) -> _Wish:
    return _Wish(Kind.CREATE, Change(package=package_arn), label, f"{reason}: create it with {label}", doubt=doubt)


def _update(
    spec: EndpointSpec, standing: Standing, candidate: Candidate | Nothing, situation: Situation
) -> _Wish | Nothing:
    package = candidate.package_arn if isinstance(candidate, Candidate) else None
    change = desired_change(spec, standing, package)
    if change is None:
        if (ask := desired_autoscaling(spec, standing)) is not None:
            return _autoscaling(spec, standing, ask, situation)
        none = candidate if isinstance(candidate, Nothing) else Nothing(Why.AS_DECLARED, "nothing differs")
        if beyond := beyond_change(spec, standing):
            if any(is_about_alarms(d) for d in beyond) and (obstacle := in_the_way(situation)):
                return obstacle  # it takes no rollout to set alarms, so nothing later would stop that
            return Nothing(Why.BEYOND_UPDATES, by_hand(beyond))
        if outside := outside_doubt(standing):
            return Nothing(Why.BEYOND_UPDATES, _left_outside(spec, outside, none))
        return none
    label = candidate.label if isinstance(candidate, Candidate) else standing.running
    doubt = (
        outside_doubt(standing)
        or forgotten_doubt(situation)
        or chosen_doubt(spec, change, label, situation.past)
        or (candidate.doubt if isinstance(candidate, Candidate) else "")
    )
    return _Wish(Kind.UPDATE, change, label, _why_update(spec, change, label, standing), doubt=doubt)


def _autoscaling(spec: EndpointSpec, standing: Standing, ask: AutoscaleAsk, situation: Situation) -> _Wish:
    """Nothing but its autoscaling differs, or nothing else that a rollout changes."""
    assert spec.autoscaling is not None
    beyond = beyond_change(spec, standing)
    stays, alarms = left_by_hand(beyond), ""
    if any(is_about_alarms(difference) for difference in beyond):
        alarms = f"its alarms, which differ too, are set after that (sync {spec.name}), without a plan"
    reason = f"the fleet file says another autoscaling: {spec.autoscaling.min} to {spec.autoscaling.max} instances"
    doubt = standing.autoscaling_doubt or forgotten_doubt(situation) or chosen_scaling_doubt(ask, situation.past)
    return _Wish(
        Kind.AUTOSCALE, Change(), standing.running, "; ".join(p for p in (reason, alarms, stays) if p), ask, doubt
    )


def _present(standing: Standing, wish: _Wish) -> str:
    """What the wish is different from: the same question about the same present is not asked twice."""
    config = standing.snapshot.config_name if standing.snapshot is not None else ""
    if wish.autoscale is None:
        return config
    there = standing.scaling.of(wish.autoscale.variant) if standing.scaling is not None else None
    return content_hash_of({"there": there.model_dump(mode="json") if there is not None else None})


def _left_outside(spec: EndpointSpec, outside: str, why_no_version: Nothing) -> str:
    """Nothing that the file says differs, so no update of the bot's would bring back what was there before."""
    back = f"to go back to a config of before: rollback {spec.name} --to CONFIG"
    return f"{outside}, in nothing that the fleet file says; {back}. Of its version: {why_no_version.text}"


def _why_update(spec: EndpointSpec, change: Change, label: str, standing: Standing) -> str:
    reasons = []
    if change.package is not None:
        revoked = f"{standing.running} is not approved; " if standing.state is BoardState.REVOKED else ""
        are = "is" if len(standing.passed_over) == 1 else "are"
        passed = f" ({' and '.join(standing.passed_over)} {are} held there)" if standing.passed_over else ""
        reasons.append(f"{revoked}{label} is approved{passed}")
    if change != Change(package=change.package):
        reasons.append("the fleet file says something else than what runs")
    follows = ""
    if desired_autoscaling(spec, standing) is not None:
        follows = f"its autoscaling, which differs too, comes after that with a plan of its own (sync {spec.name})"
    stays = left_by_hand(beyond_change(spec, standing))
    return "; ".join(part for part in (", and ".join(reasons), follows, stays) if part)


def _obstacle(wish: _Wish, situation: Situation, own: Rollout | None, *, without_click: bool) -> Nothing | None:
    """What keeps the bot from bringing it just now."""
    if obstacle := in_the_way(situation, wish.change.package):
        return obstacle
    if own is not None and _is_the_same(own, wish, situation, without_click=without_click):
        return Nothing(Why.PROPOSED, f"rollout {own.id} is open for it, {own.phase.words}")
    return None


def _is_the_same(own: Rollout, wish: _Wish, situation: Situation, *, without_click: bool) -> bool:
    """Whether that plan does for it. For somebody who syncs, one that waits for its window does, too: it has its leave."""
    asks_alike = situation.asked_by is not None or own.approval_needed is not without_click
    if wish.autoscale is not None:
        return own.autoscale == wish.autoscale and asks_alike
    return (own.kind, own.change) == (wish.kind, wish.change) and asks_alike


def _remembered_no(situation: Situation, signature: str, wanted: str, wish: _Wish, now: datetime) -> Nothing | None:
    """Why the same is not proposed again now."""
    last = next((t for t in situation.proposed if t.proposal.signature == signature), None)
    if last is not None:
        again = again_after(last, situation.holds)
        if again.at is None:
            return Nothing(Why.REFUSED, again.why)
        if now < again.at:
            return Nothing(Why.LATER, f"{again.why}; again {written(again.at)}")
    newest = situation.proposed[0] if situation.proposed else None
    if newest is not None and newest.succeeded and newest.proposal.wanted == wanted and not wish.doubt:
        return Nothing(Why.NO_EFFECT, f"{newest.opened} brought the same, and it differs as before")
    return None
