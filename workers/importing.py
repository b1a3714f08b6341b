"""Writes a fleet file from the endpoints that exist, in every account and region that the fleet file names already."""

import logging
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby

from bot.domain import commands
from bot.domain.endpoint import ModelPackage, ModelRecord
from bot.domain.errand import CommandErrand
from bot.domain.errors import GatewayError, ResourceMissing, SlackRefused, TransientError, UserError
from bot.domain.fleet import Approval, EndpointSpec
from bot.domain.fleet.existing import Entry, Existing, entry_of, names_of_models
from bot.domain.fleet.writing import Written, write_fleet
from bot.domain.scaling import Scaling
from bot.domain.track import is_on_track
from bot.messages.answers import render_text
from bot.messages.words import count
from bot.store.errands import Answer
from workers.answering import EXIT_OK, Answering
from workers.world import Aws, World, place_of

log = logging.getLogger(__name__)

AT_ONCE = 8
"""Endpoints asked about at the same time: SageMaker throttles accounts that describe many in a rush."""

PATIENCE = timedelta(seconds=75)
"""After this no further endpoint is looked at: a job has two minutes, and the file has to be handed out."""

_NOT_REACHED = "there was no time to look at so many endpoints"


@dataclass(frozen=True)
class _Found:
    """An endpoint that exists, and where."""

    entry: Entry
    place: EndpointSpec
    """Any endpoint that the fleet file in force has in the same account and region."""
    is_declared: bool
    """Whether it is the one that the fleet file in force means by this name."""


@dataclass(frozen=True)
class Importing:
    """Carries out fleet import. It reads, and changes nothing."""

    world: World
    answering: Answering

    def carry_out(self, errand: CommandErrand, command: commands.FleetImport) -> None:
        """Look at everything, and hand the file out where it was asked for."""
        deadline = self.world.clock() + PATIENCE
        found: list[_Found] = []
        remarks: list[str] = []
        for spec in self._places():
            try:
                found += self._place(spec, deadline)
            except (GatewayError, TransientError) as exc:
                remarks.append(f"{place_of(spec)} could not be listed: {exc.user_message}")
        entries = _each_name_once(found)
        written = write_fleet(
            entries,
            approval=self._approval(),
            channel=self.world.fleet.defaults.channel,
            remarks=remarks,
        )
        if not written.declared:
            raise UserError(" ".join(["No endpoint was found that a fleet file could declare.", *remarks]))
        self._hand_out(errand, written, len(entries) - written.declared)

    def _places(self) -> Iterator[EndpointSpec]:
        """One endpoint for each account and region of the fleet file, to look there with its role."""
        return iter({place_of(spec): spec for spec in self.world.fleet.endpoints.values()}.values())

    def _place(self, spec: EndpointSpec, deadline: datetime) -> list[_Found]:
        look = _Look(self.world.aws(spec), spec.role_to_assume)
        names = sorted(listed.name for listed in look.aws.endpoints.list())

        def find(name: str) -> _Found:
            declared = self.world.fleet.endpoints.get(name)
            is_declared = declared is not None and place_of(declared) == place_of(spec)
            if self.world.clock() >= deadline:
                return _Found(Entry(name, {}, why_not=_NOT_REACHED), spec, is_declared)
            entry = look.at(name)
            if declared is not None:
                entry = _as_declared(entry, declared) if is_declared else _as_another(entry, declared)
            return _Found(entry, spec, is_declared)

        with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
            return list(pool.map(find, names))

    def _approval(self) -> Approval:
        """Who approves, to begin with: the defaults, or what the first endpoint says, which has to."""
        defaults = self.world.fleet.defaults.approval
        return (
            defaults if defaults.users or defaults.groups else next(iter(self.world.fleet.endpoints.values())).approval
        )

    def _hand_out(self, errand: CommandErrand, written: Written, undeclared: int) -> None:
        reply = errand.reply
        if reply.terminal is not None:
            # As it is: what people read in Slack would be another text.
            self.world.store.errands.answer(reply.terminal, Answer(written.text, EXIT_OK, is_file=True))
            return
        if reply.channel_id is None:
            raise UserError("Ask for it in a channel, or in a terminal: a file has to be put somewhere.")
        summary = f"{count(written.declared, 'endpoint')} as a fleet file"
        aside = f"; {undeclared} more cannot be declared, and the file says why" if undeclared else ""
        try:
            self.world.slack.upload(
                reply.channel_id,
                reply.thread_ts,
                filename=f"fleet-{errand.id}.yaml",
                content=written.text.encode(),
                title=summary,
                alt_text=summary,
            )
        except SlackRefused as exc:
            log.info("errand %s: no file: %s", errand.id, exc)
            name = self.world.slack.own_name()
            raise UserError(
                f"The file could not be put here: invite the bot with `/invite @{name}`, then ask again, or type "
                "`python -m bot fleet import` in a terminal."
            ) from exc
        self.answering.answer(
            reply, render_text(f"{summary}{aside}. Read it, then try it with `python -m bot fleet check`.")
        )


def _each_name_once(found: Iterable[_Found]) -> list[Entry]:
    """All of them by name, at most one of a name to be declared: what the file in force means by it, where that can be."""
    entries: list[Entry] = []
    for name, namesakes in groupby(sorted(found, key=lambda one: one.entry.name), key=lambda one: one.entry.name):
        kept, *others = sorted(namesakes, key=lambda one: (one.entry.why_not is not None, not one.is_declared))
        entries.append(kept.entry)
        for other in others:
            where = _in_words(kept.place)
            why_not = f"a fleet file has each name once, and the endpoint of this name in {where} is declared"
            told = other.entry.why_not or why_not
            entries.append(Entry(f"{name} in {_in_words(other.place)}", {}, why_not=told))
    return entries


def _in_words(place: EndpointSpec) -> str:
    """Its region, and the role to get there."""
    region = place.region or "the workers' own region"
    return f"{region} (as {place.role_to_assume})" if place.role_to_assume else region


def _as_another(found: Entry, declared: EndpointSpec) -> Entry:
    remark = f"The fleet file that is in force declares another endpoint of this name, in {_in_words(declared)}."
    return replace(found, remarks=(remark, *found.remarks))


def _as_declared(found: Entry, spec: EndpointSpec) -> Entry:
    """What the fleet file in force knows better than anybody can see from outside."""
    keys = dict(found.keys)
    if spec.kind == "streaming" and keys.get("kind") == "realtime":
        keys["kind"] = spec.kind
    if spec.track is not None and "track" in keys and is_on_track(keys["track"][0], spec.track):
        keys["track"] = list(spec.track)
    remarks = ("The fleet file that is in force declares it already.", *found.remarks)
    return replace(found, keys=keys, remarks=remarks)


@dataclass(frozen=True)
class _Look:
    """Looks at endpoints of one account and region."""

    aws: Aws
    role: str | None

    def at(self, name: str) -> Entry:
        try:
            snapshot = self.aws.endpoints.describe(name)
            config = self.aws.endpoints.describe_config(snapshot.config_name)
            models = {model: found for model in names_of_models(config) if (found := self._model(model)) is not None}
            instances = [v["VariantName"] for v in config.variants() if "ServerlessConfig" not in v]
            scaling = self.aws.autoscaling.read(name, instances) if instances else Scaling()
            return entry_of(Existing(snapshot, config, models, scaling, self.role), self._package)
        except ResourceMissing as exc:
            return Entry(name, {}, why_not=f"its {exc.kind} {exc.name} does not exist")
        except (GatewayError, TransientError) as exc:
            return Entry(name, {}, why_not=f"AWS did not tell enough: {exc.user_message.rstrip('.')}")

    def _model(self, name: str) -> ModelRecord | None:
        try:
            return self.aws.endpoints.describe_model(name)
        except ResourceMissing:
            return None

    def _package(self, arn: str) -> ModelPackage | None:
        try:
            return self.aws.registry.describe_package(arn)
        except ResourceMissing:
            return None
