"""Commands about waves."""

from typing import Any

import click

from bot.domain.commands import WaveAbort, WaveApprove, WavePause, WaveReject, WaveResume, WaveStart
from bot.grammar.definitions.common import command, reason_option


@command("wave start", example="wave start sentiment --version 5")
@click.argument("wave")
@click.option("--version", metavar="N|latest", help="Version for all of them; otherwise the newest that may follow.")
@reason_option
def wave_start(**said: Any) -> WaveStart:
    """Bring a version, or what the fleet file says by now, to all endpoints of a wave, stage by stage."""
    return WaveStart.model_validate(said)


@command("wave approve", example="wave approve w4k8cb8j")
@click.argument("wave_id", metavar="WAVE")
@click.option("--plan", metavar="FINGERPRINT", help="Only if this is still its plan; the button says it by itself.")
def wave_approve(wave_id: str, plan: str | None) -> WaveApprove:
    """Agree to a wave; that takes an approver of every endpoint in it."""
    return WaveApprove(wave_id=wave_id, plan=plan)


@command("wave reject", example="wave reject w4k8cb8j")
@click.argument("wave_id", metavar="WAVE")
def wave_reject(wave_id: str) -> WaveReject:
    """Say no to a wave."""
    return WaveReject(wave_id=wave_id)


@command("wave pause", example="wave pause w4k8cb8j")
@click.argument("wave_id", metavar="WAVE")
def wave_pause(wave_id: str) -> WavePause:
    """Let no further endpoint of a wave begin."""
    return WavePause(wave_id=wave_id)


@command("wave resume", example="wave resume w4k8cb8j")
@click.argument("wave_id", metavar="WAVE")
def wave_resume(wave_id: str) -> WaveResume:
    """Go on with a wave that was paused, or that stopped at a regression."""
    return WaveResume(wave_id=wave_id)


@command("wave abort", example="wave abort w4k8cb8j")
@click.argument("wave_id", metavar="WAVE")
def wave_abort(wave_id: str) -> WaveAbort:
    """End a wave: what is done stays done, what has not begun never does."""
    return WaveAbort(wave_id=wave_id)
