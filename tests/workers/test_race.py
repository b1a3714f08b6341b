"""Fifty clicks of five people, in any order and by several workers at once: one update, and nobody is ignored."""

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from fakes.engine import FLEET, Engine
from fakes.records import ANNA, BEN, CARL, ENDPOINT

from bot.domain.errand import ButtonValue, Click, ReplyTo
from bot.domain.phases import Phase

DORA, EVE = "U0DORA", "U0EVE"
APPROVERS = (BEN, CARL, DORA)
PEOPLE = (ANNA, *APPROVERS, EVE)
CLICKS = 50


def an_engine(quorum: int) -> Engine:
    people = f"users: [{', '.join(APPROVERS)}], quorum: {quorum}"
    return Engine(FLEET.replace(f"users: [{BEN}, {CARL}], quorum: 1", people))


def taken(engine: Engine, order: list[str]) -> list[str]:
    """The clicks as the Slack process takes them in, before any worker has seen one; returns their errands."""
    plan = engine.slack.shown("plan")
    value = ButtonValue.model_validate_json(plan.buttons["Approve"]["value"])
    errands = []
    for number, actor in enumerate(order):
        reply = ReplyTo(user_id=actor, channel_id=plan.channel, thread_ts=plan.thread_ts)
        click = engine.intake.take_click(
            Click.APPROVE, value, actor=actor, message_ts=plan.ts, reply=reply, delivery_id=f"click {number}"
        )
        assert click.errand_id is not None
        errands.append(click.errand_id)
    return errands


@pytest.mark.parametrize("quorum", [1, 2, 3])
@pytest.mark.parametrize("seed", [1, 2, 3, 4])
@pytest.mark.parametrize("workers", [1, 4])
def test_fifty_clicks_of_five_people_are_one_update_and_fifty_answers(quorum: int, seed: int, workers: int) -> None:
    engine = an_engine(quorum)
    try:
        rollout_id = engine.promote()
        order = list(PEOPLE) * (CLICKS // len(PEOPLE))
        random.Random(seed).shuffle(order)
        errands = taken(engine, order)
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(engine.parts.desk.run, errands))
        engine.play(lambda: len(engine.slack.whispers) >= CLICKS - quorum, limit=timedelta(minutes=5))
        engine.play_until(Phase.WATCHING, rollout_id)
        rollout = engine.rollout(rollout_id)
        assert len(engine.endpoints.updates) == engine.endpoints.count("update") == 1
        assert len(rollout.approvals) == len(set(rollout.approvers())) == quorum
        assert set(rollout.approvers()) <= set(APPROVERS)
        told = Counter(actor for actor, _ in engine.slack.whispers)
        assert told == Counter(order) - Counter(rollout.approvers()), "every click that approved nothing has its answer"
        assert rollout.redraws == ()
        assert engine.crashes == []
    finally:
        engine.close()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_approvals_rejections_and_cancels_at_once_end_in_one_of_them(seed: int) -> None:
    engine = an_engine(2)
    try:
        rollout_id = engine.promote()
        plan = engine.slack.shown("plan")
        value = ButtonValue.model_validate_json(plan.buttons["Approve"]["value"])
        wanted = [(click, who) for click in (Click.APPROVE, Click.REJECT, Click.CANCEL) for who in PEOPLE] * 2
        random.Random(seed).shuffle(wanted)
        errands = []
        for number, (click, who) in enumerate(wanted):
            reply = ReplyTo(user_id=who, channel_id=plan.channel, thread_ts=plan.thread_ts)
            done = engine.intake.take_click(
                click, value, actor=who, message_ts=plan.ts, reply=reply, delivery_id=f"click {number}"
            )
            errands.append(str(done.errand_id))
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(engine.parts.desk.run, errands))
        end = engine.play_out(rollout_id)
        assert end in (Phase.CANCELLED, Phase.REJECTED, Phase.SUCCEEDED, Phase.ROLLED_BACK)
        assert len(engine.endpoints.updates) == {Phase.SUCCEEDED: 1, Phase.ROLLED_BACK: 2}.get(end, 0)
        assert engine.store.rollouts.lease_of(ENDPOINT) is None
        assert engine.crashes == []
    finally:
        engine.close()


def test_what_cannot_be_undone_takes_two_people_and_never_the_requester() -> None:
    """The model of the present config was deleted, so nobody can bring it back."""
    users = f"users: [{ANNA}, {BEN}, {CARL}], requester_may_approve: true, quorum: 1"
    engine = Engine(FLEET.replace(f"users: [{BEN}, {CARL}], quorum: 1", users))
    try:
        del engine.endpoints.models["model-v3"]
        engine.type(f"promote {ENDPOINT} --count 4")
        rollout_id = engine.store.rollouts.recent(ENDPOINT)[0].id
        assert engine.rollout(rollout_id).quorum == 2
        for who in (BEN, ANNA, BEN):
            engine.press("Approve", by=who)
            engine.tell()
        told = Counter(actor for actor, _ in engine.slack.whispers)
        assert told == {ANNA: 1, BEN: 1}
        assert engine.phase(rollout_id) is Phase.AWAITING_APPROVAL
        engine.press("Approve", by=CARL)
        assert engine.rollout(rollout_id).approvers() == (BEN, CARL)
        engine.play(lambda: engine.endpoints.updates != [])
        assert len(engine.endpoints.updates) == 1
        assert engine.rollout(rollout_id).redraws == ()
    finally:
        engine.close()


def test_the_people_of_the_stronger_policy_are_known_by_their_groups() -> None:
    stronger = f"users: [{BEN}, {CARL}], quorum: 1, irreversible: {{groups: [S0BOARD], quorum: 1}}"
    engine = Engine(FLEET.replace(f"users: [{BEN}, {CARL}], quorum: 1", stronger))
    try:
        engine.slack.groups["S0BOARD"] = frozenset({BEN, DORA})
        del engine.endpoints.models["model-v3"]
        engine.type(f"promote {ENDPOINT} --count 4")
        rollout_id = engine.store.rollouts.recent(ENDPOINT)[0].id
        engine.press("Approve", by=CARL)
        assert engine.phase(rollout_id) is Phase.AWAITING_APPROVAL
        engine.press("Approve", by=BEN)
        assert engine.rollout(rollout_id).approvers() == (BEN,)
        assert engine.phase(rollout_id) is not Phase.AWAITING_APPROVAL
    finally:
        engine.close()
