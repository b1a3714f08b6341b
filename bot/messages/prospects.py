"""What to expect of a change: how it goes, what it costs, what traffic it meets, and whether there is a way back."""

from bot.domain.cost import cost_sentence, running_cost_sentence
from bot.domain.durations import about
from bot.domain.phases import Kind
from bot.domain.plan import Level, Plan
from bot.domain.preflight import CheckName
from bot.domain.readiness import Readiness, ReadinessLevel
from bot.domain.saga import ScalingMode
from bot.domain.traffic import open_connections, traffic_sentence
from bot.messages.blocks import Block, code, escape, listed, section
from bot.messages.kept_alarms import alarms_in_plan
from bot.messages.lifecycle import BEGIN_OR_END, how_it_goes
from bot.messages.words import span

_LIGHTS = {
    ReadinessLevel.GREEN: "🟢 *ready*",
    ReadinessLevel.AMBER: "🟡 *with conditions*",
    ReadinessLevel.RED: "🔴 *none*",
}


def how(kind: Kind, plan: Plan) -> str:
    """The strategy with its reason and its steps, what becomes of autoscaling, and how long it took before."""
    reason = escape(plan.strategy.reason)
    if kind in BEGIN_OR_END:
        return how_it_goes(kind, plan)
    # Where no fleet is replaced there is nothing to move in steps, and past updates say nothing.
    if kind in (Kind.SCALE, Kind.WEIGHTS, Kind.AUTOSCALE):
        return f"*How*: {reason}"
    lines = [f"*How*: {code(str(plan.strategy))}. {reason}".rstrip()]
    numbered = len(plan.steps) > 1
    lines += [f"{number}. {escape(step)}" if numbered else escape(step) for number, step in enumerate(plan.steps, 1)]
    if plan.scaling.targets:
        verb = "suspended" if plan.scaling_mode is ScalingMode.SUSPEND else "removed"
        names = " and ".join(escape(target.variant) for target in plan.scaling.targets)
        lines.append(f"Autoscaling of {names} is {verb} meanwhile, and put back afterwards.")
    if told := alarms_in_plan(kind, plan):
        lines.append(told)
    if plan.expected_duration is not None:
        lines.append(f"Past updates of it took about {span(plan.expected_duration)}.")
    elif plan.readiness is None:  # otherwise the way back says the same
        lines.append("There is no past update of it to tell how long it takes.")
    return "\n".join(lines)


def outlook(kind: Kind, plan: Plan) -> str:
    """Cost, traffic and open streams as far as they are known, and not said by a warning already."""
    warned = {f.check for f in plan.findings if f.level is not Level.OK}
    lines = []
    if plan.cost is not None:
        sentence = running_cost_sentence if kind in BEGIN_OR_END else cost_sentence
        lines.append(f"*Cost*: {escape(sentence(plan.cost, is_marketplace=plan.is_marketplace))}")
    if plan.traffic is not None and CheckName.TRAFFIC not in warned:
        lines.append(f"*Traffic*: {escape(traffic_sentence(plan.traffic))}")
    if plan.connections is not None and CheckName.CONNECTIONS not in warned:
        lines.append(f"*Streams*: {escape(open_connections(plan.connections))}")
    return "\n".join(lines)


def way_back(readiness: Readiness) -> Block:
    """Whether a rollback could undo it, with reasons, minutes, and the quota for the return trip."""
    head = f"*Way back*: {_LIGHTS[readiness.level]}"
    if readiness.level is not ReadinessLevel.RED:
        took = f", in {about(readiness.expected)}" if readiness.expected is not None else ""
        head += f", to {code(readiness.to_config)}{took}"
    quotas = [str(quota) for quota in readiness.return_quota]
    reasons = [*readiness.reasons, *(text for text in quotas if text not in readiness.reasons)]
    if readiness.expected is None and readiness.level is not ReadinessLevel.RED:
        reasons.append("How long it takes, there or back, is not known yet: there is no past update of it.")
    return section("\n".join(part for part in (head, listed([escape(r) for r in reasons])) if part))
