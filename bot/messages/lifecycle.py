"""The words of endpoints that are created and deleted, where they differ from those of a change."""

from bot.domain.commands import Deploy
from bot.domain.phases import Kind, Phase, Reason
from bot.domain.plan import Plan
from bot.domain.rollout import Rollout
from bot.messages.blocks import Block, CommandButton, Confirm, code, command_buttons, escape
from bot.messages.kept_alarms import alarms_at_end, alarms_in_plan
from bot.messages.words import moment

BEGIN_OR_END = frozenset({Kind.CREATE, Kind.TEARDOWN})

Steps = list[tuple[bool, str]]
"""What is taken one after the other, each with whether it is done."""


def in_short(kind: Kind, plan: Plan | None) -> str:
    """What is done, in a few words. Not escaped."""
    if kind is Kind.TEARDOWN:
        return f"delete it, with {plan.current_label}" if plan is not None else "delete it"
    if plan is None:
        return "create it"
    deed = "restore it with" if plan.is_restore else "create it with"
    first = "delete the broken endpoint and " if plan.current_config else ""
    return f"{first}{deed} {plan.target_label}"


def how_it_goes(kind: Kind, plan: Plan) -> str:
    """What SageMaker does, and what becomes of autoscaling."""
    lines = [f"*How*: {escape(plan.strategy.reason)}"]
    if plan.scaling.targets:
        names = " and ".join(escape(target.variant) for target in plan.scaling.targets)
        then = "is taken off first" if kind is Kind.TEARDOWN else "is set up when it is InService"
        lines.append(f"Autoscaling of {names} {then}.")
    if told := alarms_in_plan(kind, plan):
        lines.append(told)
    return "\n".join(lines)


def steps_of_it(rollout: Rollout) -> Steps:
    """The steps of a creation or a teardown."""
    return _tearing(rollout) if rollout.kind is Kind.TEARDOWN else _creating(rollout)


def _creating(rollout: Rollout) -> Steps:
    assert rollout.plan is not None
    plan, steps = rollout.plan, []
    landed = rollout.cutover_at is not None
    if plan.new_models:
        steps.append((rollout.models_created, f"Model {', '.join(code(n) for n in plan.new_models.values())}"))
    still = " is still there" if plan.is_restore else ""
    steps.append((plan.is_restore or rollout.config_created, f"Endpoint config {code(plan.target_config)}{still}"))
    if plan.current_config:
        steps.append((rollout.update is not None, "The Failed endpoint is out of the way"))
    steps.append((_is_taken(rollout) or landed, "SageMaker creates the endpoint"))
    steps.append((landed, f"InService on {code(plan.target_config)}"))
    return steps


def _tearing(rollout: Rollout) -> Steps:
    assert rollout.plan is not None
    steps, landed = [], rollout.cutover_at is not None
    if rollout.plan.scaling.targets:
        taken = rollout.update is not None or (rollout.scaling is not None and rollout.scaling.taken_at is not None)
        steps.append((taken, "Autoscaling saved and taken off"))
    steps.append((_is_taken(rollout) or landed, "SageMaker deletes the endpoint"))
    steps.append((landed, f"{escape(rollout.endpoint)} is gone; its config and models stay"))
    return steps


def _is_taken(rollout: Rollout) -> bool:
    call = rollout.update
    return call is not None and (call.accepted_at is not None or call.seen_at_work)


def asked_words(rollout: Rollout) -> str:
    """What SageMaker was asked for, as the present step."""
    return f"SageMaker was asked to {'delete' if rollout.kind is Kind.TEARDOWN else 'create'} the endpoint."


def done_words(rollout: Rollout) -> str:
    """How it ended well, in a line for the card."""
    name = escape(rollout.endpoint)
    if rollout.kind is Kind.TEARDOWN:
        return f"{name} is deleted."
    deed = "restored" if rollout.plan is not None and rollout.plan.is_restore else "created"
    return f"{name} is {deed} and InService."


def under_way(rollout: Rollout) -> str:
    """The latest news on the card while it is at work."""
    if rollout.phase is Phase.PREPARING:
        return "It begins as soon as nothing stands in the way."
    return "SageMaker deletes it." if rollout.kind is Kind.TEARDOWN else "SageMaker creates it."


def untouched(rollout: Rollout) -> str:
    """That nothing came of it."""
    return "Nothing was created." if rollout.kind is Kind.CREATE else "The endpoint was not touched."


def state_after_failure(rollout: Rollout) -> str:
    """What there is now, after it failed."""
    name, plan = escape(rollout.endpoint), rollout.plan
    if rollout.last.reason is Reason.CREATION_FAILED:
        return f"{name} is Failed and takes no traffic."
    if rollout.last.reason is Reason.ENDPOINT_GONE:
        return f"There is no endpoint {name}."
    if rollout.kind is Kind.CREATE:
        was_failed = plan is not None and plan.current_config
        return f"{name} is Failed, or gone if it was deleted already." if was_failed else "Nothing was created."
    return f"{name} is still on {code(plan.current_config)}." if plan is not None else "The endpoint was not touched."


def state_after_success(rollout: Rollout) -> str:
    """What there is now, after it worked."""
    name, plan = escape(rollout.endpoint), rollout.plan
    alarms = f" {told}" if (told := alarms_at_end(rollout)) else ""
    if rollout.kind is Kind.CREATE:
        return f"There are no numbers of before to compare it with: send some requests and look at its metrics.{alarms}"
    gone = f"It does not exist any more: requests to it fail.{alarms}"
    if plan is None or plan.restore_window is None:
        return gone
    until = moment(rollout.last.at + plan.restore_window)
    return (
        f"{gone}\nUntil {until} it can be restored as it was: {code(f'deploy {name}')}. The fleet file still declares it; "
        "automation leaves it deleted until somebody deploys it."
    )


def next_step_after_failure(rollout: Rollout) -> str:
    """What to do when it failed."""
    name = escape(rollout.endpoint)
    if rollout.last.reason is Reason.CREATION_FAILED:
        return f"When the cause is mended, {code(f'deploy {name}')} deletes the Failed endpoint and creates it anew."
    return "When the cause is mended, ask again with the same command."


def closing_buttons(rollout: Rollout) -> list[Block]:
    """What can be done next with one press: have a deleted endpoint back, or try a creation again."""
    deploy = Deploy(endpoint=rollout.endpoint)
    is_over = rollout.phase is Phase.SUCCEEDED and rollout.plan is not None
    if (
        rollout.kind is Kind.TEARDOWN
        and is_over
        and rollout.plan is not None
        and rollout.plan.restore_window is not None
    ):
        return [command_buttons(CommandButton("Restore", deploy))]
    if rollout.kind is Kind.CREATE and rollout.last.reason is Reason.CREATION_FAILED:
        return [command_buttons(CommandButton("Deploy again", deploy))]
    return []


def deletion_question(endpoint: str) -> Confirm:
    """Asked before a teardown is approved."""
    return Confirm(
        f"Delete {endpoint}?",
        "Whoever calls it gets errors as soon as it is gone. The plan says who calls it, and for how long it can be restored.",
        "Approve the deletion",
        "Not yet",
    )
