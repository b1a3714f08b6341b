"""Lists versions, and compares two of them by their metrics."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.domain import commands
from bot.domain.commands import Change
from bot.domain.endpoint import ModelPackage
from bot.domain.errand import CommandErrand
from bot.domain.errors import ResourceMissing
from bot.domain.fleet import EndpointSpec
from bot.domain.hold import Hold
from bot.domain.track import release_of
from bot.domain.version import Version
from bot.messages.holding import hold_line
from bot.messages.merits import render_comparison, render_versions
from bot.messages.versions import release_line
from workers.answering import Answering
from workers.census.sources import Source
from workers.cloning import running_package
from workers.drafting import Drafting
from workers.scoring import Scoring
from workers.world import World


@dataclass(frozen=True)
class Merits:
    """Carries out versions and compare. Raises UserError with what the person shall read when nothing was done."""

    world: World
    answering: Answering
    drafting: Drafting
    scoring: Scoring

    def carry_out(self, errand: CommandErrand, command: commands.Versions | commands.Compare) -> None:
        """What was typed. Nothing is changed by it."""
        spec = self.world.fleet.endpoint(command.endpoint)
        match command:
            case commands.Versions():
                self._versions(errand, spec)
            case commands.Compare():
                first, second = (self._version(spec, wanted) for wanted in (command.first, command.second))
                message = render_comparison(spec.name, self.scoring.compared(spec, first, second))
                self.answering.answer(errand.reply, message)

    def _versions(self, errand: CommandErrand, spec: EndpointSpec) -> None:
        versions = self._known(spec)
        holds = self.world.store.holds.on(spec.name)
        notes = _joined(self._releases(spec, versions), _notes(versions, [hold for hold in holds if hold.subject]))
        self.answering.answer(errand.reply, render_versions(spec.name, versions, self._running(spec), notes))

    def _known(self, spec: EndpointSpec) -> tuple[ModelPackage, ...]:
        return Source.of(spec).packages(self.world.aws(spec).registry)

    def _releases(self, spec: EndpointSpec, versions: tuple[ModelPackage, ...]) -> Mapping[str, str]:
        """What the Marketplace's seller says of each version; nothing where that may not be read."""
        product = next((package.product_id for package in versions if package.product_id is not None), None)
        releases = self.world.aws(spec).catalog.releases(product) if product is not None else None
        told = ((package.arn, release_of(package.arn, releases or ())) for package in versions)
        return {arn: release_line(release) for arn, release in told if release is not None and release.notes}

    def _running(self, spec: EndpointSpec) -> str | None:
        """ARN of what runs; None where nothing does, or no version of a registry."""
        try:
            live = self.drafting.gather(spec)
        except ResourceMissing:
            return None
        runs = running_package(live, spec)
        return runs.arn if runs is not None else None

    def _version(self, spec: EndpointSpec, wanted: commands.Version) -> ModelPackage:
        found = self.drafting.resolve_package(Change(version=wanted), spec)
        assert found is not None  # a change that names a version means one
        return found


def _joined(*several: Mapping[str, str]) -> Mapping[str, str]:
    """Everything that is to be said about each version, by its ARN."""
    return {arn: " · ".join(n[arn] for n in several if arn in n) for arn in {arn for notes in several for arn in notes}}


def _notes(versions: tuple[ModelPackage, ...], holds: list[Hold]) -> Mapping[str, str]:
    notes = {}
    for package in versions:
        hold = next((h for h in holds if h.is_about(Version(package_arn=package.arn))), None)
        if hold is not None:
            notes[package.arn] = hold_line(hold, short=True)
    return notes
