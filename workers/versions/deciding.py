"""Approves and rejects versions of the registry, as somebody typed or pressed it."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, replace

from bot.domain import commands
from bot.domain.announcing import (
    VersionDecision,
    WatchedGroup,
    approval_note,
    decided_by,
    group_arn,
    watched_groups,
)
from bot.domain.approval import describe_approvers, is_approver
from bot.domain.endpoint import ApprovalStatus, ModelPackage
from bot.domain.errand import CommandErrand, FormErrand
from bot.domain.errors import (
    GatewayError,
    NotAllowed,
    ResourceBusy,
    ResourceMissing,
    SlackRefused,
    TransientError,
    UnknownName,
    UserError,
)
from bot.domain.fleet import Approval
from bot.domain.nearest import nearest
from bot.grammar import render
from bot.messages.ids import InputId
from bot.messages.modals import render_reject_version
from bot.messages.versions import render_decision
from workers.answering import Answering
from workers.census import Census
from workers.people import person_for
from workers.rounds import RoundName, soon
from workers.versions.announcing import Announcing
from workers.world import World

log = logging.getLogger(__name__)

Decide = commands.ApproveVersion | commands.RejectVersion

_OPENED_BEFORE = "exchanged_trigger_id"


@dataclass(frozen=True)
class VersionDecisions:
    """Carries out approve-version and reject-version. Raises UserError with what the person shall read when nothing was done."""

    world: World
    answering: Answering
    census: Census
    announcing: Announcing

    def carry_out(self, errand: CommandErrand, command: Decide) -> None:
        """What was typed, once however often the errand is run; a rejection that says no reason is asked for one first."""
        group = self._group(command.group)
        self._refuse_outsider(group, errand.actor)
        package = self._version(group, command.version)
        done = self.world.store.versions.decision(errand.id)
        if done is None:
            wanted = _wanted(command)
            is_again = not self.world.store.versions.begin(errand.id)
            if isinstance(command, commands.RejectVersion) and command.reason is None:
                _refuse_if_decided(package, command)
                self._ask_why(errand, command, package)
                return
            note = approval_note(wanted, errand.actor, self._handle(errand.actor), command.reason)
            is_done = is_again and (package.approval, package.approval_note) == (wanted, note)
            if not is_done:
                _refuse_if_decided(package, command)
                self._set(group, package, command, note)
            done = self._decision(errand, command, package, was_set=is_done)
            self.world.store.versions.decide(errand.id, done)
            package = _as_decided(package, done, note)
        self._tell(errand, group, package)

    def _set(self, group: WatchedGroup, package: ModelPackage, command: Decide, note: str) -> None:
        """Write it into the registry. Raises UserError, who won, when somebody else did so at the same moment."""
        registry = self.world.aws(group.specs[0]).registry
        try:
            registry.set_approval(package.arn, _wanted(command), note)
        except ResourceBusy as exc:
            now = registry.describe_package(package.arn)
            raise UserError(
                f"Somebody else changed it at the same moment: {_state(now)} You changed nothing.{_nevertheless(now, command)}"
            ) from exc

    def _decision(
        self, errand: CommandErrand, command: Decide, package: ModelPackage, *, was_set: bool
    ) -> VersionDecision:
        return VersionDecision(
            group=group_arn(package.arn),
            version=command.version,
            package_arn=package.arn,
            approval=_wanted(command),
            before=None if was_set else package.approval,
            actor=errand.actor,
            at=self.world.clock(),
            reason=command.reason or "",
        )

    def _tell(self, errand: CommandErrand, group: WatchedGroup, package: ModelPackage) -> None:
        """Whatever rests on the registry looks again, the announcement says who decided, and the channel hears of it.

        It is decided by now, so nothing here depends on whether AWS answers: who decided must not read that it failed.
        """
        soon(self.world, RoundName.REGISTRY, RoundName.MANAGE)
        self.announcing.settle_all(package)
        self.answering.answer(errand.reply, render_decision(package), in_channel=True)
        try:
            self.census.look_now([group.specs[0].name])  # so that the board is as fresh as the answer
        except (TransientError, GatewayError) as exc:
            log.info("%s is looked at in the next round: %s", group.specs[0].name, exc)

    def _ask_why(self, errand: CommandErrand, command: commands.RejectVersion, package: ModelPackage) -> None:
        if errand.reply.trigger_id is None:
            raise UserError("Why is it rejected? Nothing was changed; say it with --reason.")
        try:
            view = render_reject_version(package.label, command, errand.reply)
            self.world.slack.open_view(errand.reply.trigger_id, view)
        except (SlackRefused, TransientError) as exc:
            if isinstance(exc, SlackRefused) and exc.error == _OPENED_BEFORE:
                return  # this errand was run before: the form is there
            raise UserError(
                "Slack did not open the form in time. Nothing was changed; press Reject version… again."
            ) from exc

    def _group(self, typed: str) -> WatchedGroup:
        """The group that is meant. Raises UserError where the fleet file has none of that name, or several."""
        groups = watched_groups(self.world.fleet)
        found = [g for g in groups if typed in (g.name, g.short_name)]
        if typed.startswith("arn:"):  # the fleet file may call the same group by its name, too
            found += [g for g in groups if g not in found and self._has_arn(g, typed)]
        if len(found) == 1:
            return found[0]
        if found:
            arns = [self._arn(group) for group in found]
            if arns[0] is not None and len(set(arns)) == 1:  # one group, in several spellings
                return replace(found[0], specs=tuple(spec for group in found for spec in group.specs))
            told = ", ".join(sorted({arn for arn in arns if arn is not None}))
            raise UserError(f"Several accounts or regions have a group {typed}. Nothing was changed; name one: {told}")
        spec = self.world.fleet.endpoints.get(typed)
        if spec is not None and spec.is_marketplace:
            raise UserError(
                f"{typed} runs AWS Marketplace packages, which have no approval in the registry. Nothing was changed."
            )
        near = (spec.model_package_group,) if spec is not None and spec.model_package_group else ()
        names = [g.short_name for g in groups]
        raise UnknownName("model package group", typed, near or nearest(typed, names), hint=_known(names))

    def _has_arn(self, group: WatchedGroup, arn: str) -> bool:
        if arn.rpartition("/")[2].lower() != group.short_name.lower():
            return False
        try:
            return self._arn(group) == arn.lower()
        except (TransientError, GatewayError) as exc:
            log.info("whether group %s is %s cannot be told: %s", group.name, arn, exc)
            return False

    def _arn(self, group: WatchedGroup) -> str | None:
        """The group's ARN in lower case, as its versions tell it where the fleet file does not; None for a group without any."""
        if group.name.startswith("arn:"):
            return group.name.lower()
        versions = self.world.aws(group.specs[0]).registry.list_versions(group.name)
        return group_arn(versions[0].arn).lower() if versions else None

    def _version(self, group: WatchedGroup, number: int) -> ModelPackage:
        """The version as the registry has it now. Raises UserError if there is none, or if it is not Completed."""
        registry = self.world.aws(group.specs[0]).registry
        try:
            versions = registry.list_versions(group.name)
        except ResourceMissing as exc:
            raise UserError(f"{exc.user_message} Nothing was changed.") from exc
        found = next((p for p in versions if p.version == number), None)
        if found is None:
            numbers = [str(p.version) for p in versions]
            near = nearest(str(number), numbers) or numbers[:3]
            raise UnknownName(f"version of {group.short_name}", str(number), near, hint="It has none at all.")
        if not found.is_completed:
            raise UserError(
                f"{found.label} is {found.status}, not Completed, so there is nothing to decide yet. Nothing was changed."
            )
        return registry.describe_package(found.arn)

    def _refuse_outsider(self, group: WatchedGroup, actor: str) -> None:
        """Whoever may approve a change of one of its endpoints may decide on its versions."""
        policies = {(spec.approval.users, spec.approval.groups): spec.approval for spec in group.specs}
        if any(is_approver(policy, person_for(self.world.slack, policy, actor)) for policy in policies.values()):
            return
        who = describe_approvers(all_approvers(policies.values()))
        where = " They type it in Slack: a terminal does not tell who you are." if actor.startswith("terminal:") else ""
        raise NotAllowed(
            f"You may not decide on versions of {group.short_name}. Ask {who}.{where} Nothing was changed.", actor=actor
        )

    def _handle(self, actor: str) -> str:
        """For the registry's note, which people read in the console; the id beside it tells who it was in any case."""
        if actor.startswith("terminal:"):
            return ""
        try:
            return self.world.slack.handle_of(actor)
        except SlackRefused as exc:
            log.warning("the handle of %s is not known: %s", actor, exc)
            return ""


def completed(errand: FormErrand, command: commands.RejectVersion) -> CommandErrand:
    """What a submitted form says, as if it had been typed. Raises UserError without a reason."""
    reason = errand.values.get(InputId.REASON, "").strip()
    if not reason:
        raise UserError("A rejection needs a reason. Nothing was changed.")
    said = command.model_copy(update={"reason": reason})
    return CommandErrand(id=errand.id, command=said, actor=errand.actor, reply=errand.reply, at=errand.at)


def all_approvers(policies: Iterable[Approval]) -> Approval:
    """Everybody whom one of the policies names, in the order in which they name them."""
    known = list(policies)
    users = tuple(dict.fromkeys(user for policy in known for user in policy.users))
    groups = tuple(dict.fromkeys(group for policy in known for group in policy.groups))
    return known[0].model_copy(update={"users": users, "groups": groups})


def _as_decided(package: ModelPackage, done: VersionDecision, note: str) -> ModelPackage:
    """The version as the registry has it after the decision, which it need not be asked for."""
    said = {"approval": done.approval, "approval_note": note, "modified_by": "", "modified_at": done.at}
    return package.model_copy(update=said)


def _wanted(command: Decide) -> ApprovalStatus:
    return ApprovalStatus.APPROVED if isinstance(command, commands.ApproveVersion) else ApprovalStatus.REJECTED


def _refuse_if_decided(package: ModelPackage, command: Decide) -> None:
    """What stands already is not decided again; what a button offered is over once anybody decided."""
    is_over = command.if_pending and package.approval is not ApprovalStatus.PENDING
    if is_over or package.approval is _wanted(command):
        raise UserError(f"{_state(package)} You changed nothing.{_nevertheless(package, command)}")


def _nevertheless(package: ModelPackage, command: Decide) -> str:
    """How to decide otherwise than somebody else did: what to type, with the reason that was given, which is kept nowhere else."""
    if package.approval is _wanted(command):
        return ""
    typed = render(command.model_copy(update={"if_pending": False}))
    reason = " --reason TEXT" if isinstance(command, commands.RejectVersion) and command.reason is None else ""
    return f" To {command.name.partition('-')[0]} it nevertheless: {typed}{reason}"


def _state(package: ModelPackage) -> str:
    """As in: sentiment version 5 is Approved already, by @ben."""
    by = decided_by(package)
    return f"{package.label} is {package.approval} already{f', by {by}' if by else ''}."


def _known(names: Iterable[str]) -> str:
    known = sorted(set(names))
    more = f" and {len(known) - 8} more" if len(known) > 8 else ""
    return (
        f"The fleet file has {', '.join(known[:8])}{more}."
        if known
        else "No endpoint of the fleet file runs versions of a group."
    )
