"""Every command as click defines it: arguments, options, help and one example. Nothing here runs anything.

A callback turns what click found into the command's model. Its docstring is the command's one sentence, `epilog` its example
without prefix. Arguments and options bear the names of the model's fields, which is how a command is written down again.
A rollout's thread gives `endpoint` and `rollout_id` through click's `default_map`, a wave's gives `wave_id`.
"""

import click

from bot.grammar.definitions import asking, changing, fleet, holding, trials, versions, waves

GRAMMAR = click.Group(
    "endpoint",
    commands=(
        asking.help_command,
        asking.status,
        changing.plan,
        changing.promote,
        changing.scale,
        changing.rollback,
        asking.history,
        changing.cancel,
        holding.lock,
        holding.unlock,
        holding.freeze,
        holding.thaw,
        holding.hold,
        holding.unhold,
        asking.metrics,
        fleet.deploy,
        fleet.teardown,
        trials.ab_start,
        trials.ab_weight,
        trials.ab_finish,
        versions.versions,
        versions.compare,
        versions.approve_version,
        versions.reject_version,
        fleet.sync,
        waves.wave_start,
        waves.wave_approve,
        waves.wave_reject,
        waves.wave_pause,
        waves.wave_resume,
        waves.wave_abort,
        asking.audit,
        fleet.gc,
        fleet.fleet_check,
        fleet.fleet_import,
    ),
)
"""All of them, in the order in which `help` lists them."""
