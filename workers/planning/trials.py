"""What a plan has to say of a trial: whether one can run here, both its variants, and what stays as it is."""

from bot.domain.endpoint import ConfigRecord, Document, ModelPackage
from bot.domain.errors import ResourceMissing, UserError
from bot.domain.fleet import EndpointSpec
from bot.domain.preflight.ab_test import RunningTrial
from bot.domain.rollout import Rollout
from bot.domain.strategy import Strategy
from bot.domain.trial import TrialAsk, TrialPlan, TrialStep
from bot.messages.words import count
from bot.store import Store
from workers.cloning import Draft, LiveEndpoint, live_trial, running_package
from workers.cloning.counts import COUNT, PRODUCTION, SHADOW, live_weight
from workers.drafting import running_trial
from workers.ports import Endpoints

_ENDS_BY = "ab finish {0} --keep A, ab finish {0} --keep B, or rollback {0}"


def refuse_during_trial(live: LiveEndpoint) -> None:
    """Another version must not take the place of one of two that are being compared.

    Raises:
        UserError: a trial runs; how it can be ended.
    """
    trial = live_trial(live)
    if trial is None:
        return
    name = live.snapshot.name
    raise UserError(
        f"{name} runs {trial.b} {'as a shadow of' if trial.shadow else 'beside'} {trial.a}: an A/B test is under way. Nothing was "
        f"started. End it first: {_ENDS_BY.format(name)}"
    )


def refuse_unfit(ask: TrialAsk, live: LiveEndpoint, variant: str, package: ModelPackage | None) -> None:
    """Whether an endpoint can run a second variant, or a shadow, is SageMaker's to say; what it excludes is refused here, with why.

    Raises:
        UserError: a trial runs already, or cannot be had here.
    """
    refuse_during_trial(live)
    because = _why_no_second_variant(live, variant)
    if because is None and ask.shadow:
        because = _why_no_shadow(live, package)
    if because is None and not ask.shadow and ask.share >= 100:
        because = "would serve with B alone, and that is no test: use promote, or give --weight 99 or less"
    if because is None and ask.shadow and ask.share == 0:
        because = "would copy no request to the shadow: give --weight 1 or more"
    if because is not None:
        kind = "A shadow" if ask.shadow else "A second version"
        raise UserError(f"{kind} cannot run here: {live.snapshot.name} {because}. Nothing was started.")


def _why_no_second_variant(live: LiveEndpoint, variant: str) -> str | None:
    present = live.config.variants()
    if any("ServerlessConfig" in v for v in present):
        return "is serverless, and SageMaker allows serverless endpoints only one variant"
    if live.config.document.get("AsyncInferenceConfig"):
        return "is asynchronous, and its requests wait in one queue"
    if any("ModelName" not in v for v in present):
        return "hosts inference components, whose traffic does not follow the weights of variants"
    if len(present) > 1:
        return f"has {len(present)} production variants already"
    if live.config.document.get(SHADOW):
        return "has a shadow variant already, which this bot did not start"
    if not all(live_weight(live.snapshot, v) for v in present):
        return f"sends no traffic to {variant} (its weight is 0)"
    return None


def _why_no_shadow(live: LiveEndpoint, package: ModelPackage | None) -> str | None:
    """SageMaker's own exclusions for shadow tests, beside those for any second variant."""
    if any(p.is_marketplace for p in (*live.packages.values(), *((package,) if package is not None else ()))):
        return "runs an AWS Marketplace package, and SageMaker has no shadows for those"
    if any(len(list(model.containers())) > 1 for model in live.models.values()):
        return "runs several containers in a row, and SageMaker has no shadows for those"
    if any(c.get("Mode") == "MultiModel" for model in live.models.values() for c in model.containers()):
        return "hosts several models in one container, and SageMaker has no shadows for those"
    types = {str(v.get("InstanceType", "")) for v in live.config.variants()}
    if any(t.startswith("ml.inf1.") for t in types):
        return "runs on Inf1 instances, and SageMaker has no shadows on those"
    if any(v.get("InstancePools") for v in live.config.variants()):
        return "takes its instances from several pools, so the size of a shadow cannot be told"
    return None


def trial_in(rollout: Rollout, live: LiveEndpoint, made: Draft, variant: str) -> TrialPlan | None:
    """Both variants of the trial that an update starts or ends; None for every other update."""
    if rollout.trial is None:
        return None
    if rollout.trial.step is TrialStep.KEEP_B:
        return running_trial(live)
    a = next(v for v in made.config.variants() if v["VariantName"] == variant)
    b = _second(made, variant)
    return TrialPlan(
        a=variant,
        b=b["VariantName"],
        weight=live_weight(live.snapshot, a),
        share=rollout.trial.share,
        shadow=rollout.trial.shadow,
    )


def trial_strategy(rollout: Rollout) -> Strategy | None:
    """How an update that starts or ends a trial goes; None for every other one, whose strategy can be chosen."""
    if rollout.trial is None:
        return None
    # SageMaker moves traffic in steps only between fleets of the same variants (docs/engine.md).
    return Strategy(reason="SageMaker moves traffic in steps only where no variant comes or goes.")


def package_of_b(live: LiveEndpoint, spec: EndpointSpec) -> ModelPackage | None:
    """What B runs, where that is a package."""
    runs = running_package(live, spec, running_trial(live).b)
    return runs.package if runs is not None else None


def running_trial_of(store: Store, live: LiveEndpoint) -> RunningTrial | None:
    """The test that an endpoint runs, with the comparison that the rollout which started it keeps; None where none runs."""
    trial = live_trial(live)
    if trial is None:
        return None
    started = store.rollouts.load(live.config.tags.get("rollout:id", ""))
    return RunningTrial(trial, started.rollout.trial_watch if started is not None else None)


def has_model_of_a(live: LiveEndpoint) -> bool:
    """Whether A could be brought back at all."""
    return _model_of_a(live) in live.models


def _model_of_a(live: LiveEndpoint) -> str | None:
    a = running_trial(live).a
    return next((v.get("ModelName") for v in live.config.variants() if v["VariantName"] == a), None)


def way_back_to_a(live: LiveEndpoint, endpoints: Endpoints) -> str | None:
    """The config from before the test, to which keeping B is undone; None where that does not run A alone any more.

    The test's own config would let B serve once more, which is what a rollback is to end.
    """
    before, a = live.config.tags.get("rollout:previous-config"), running_trial(live).a
    if before is None:
        return None
    try:
        config = endpoints.describe_config(before)
    except ResourceMissing:
        return None
    there = [(v["VariantName"], v.get("ModelName")) for v in with_shadows(config).variants()]
    return config.name if there == [(a, _model_of_a(live))] else None


def kept_in_trial(rollout: Rollout, trial: TrialPlan, made: Draft, returns_to: str | None) -> tuple[str, ...]:
    """What else an approver has to know: what B is made of, what it does not have, and how it ends."""
    if rollout.trial is None or rollout.trial.step is not TrialStep.START:
        stays = f"{trial.a} keeps its name, so its autoscaling, alarms and metrics go on."
        if returns_to is None:
            return (stays, f"There is no way back to {trial.a} as it runs now: its model was deleted.")
        return (stays, f"A rollback leads to {returns_to}, on which A serves alone.")
    instances = int(_second(made, trial.a).get(COUNT, 1))
    of_b = f"{trial.b} gets {count(instances, 'instance')} of its own and is not autoscaled"
    if trial.shadow:
        return (f"{of_b}. Nobody sees its answers.", "It goes on until a person ends it.")
    return (f"{of_b}: it could take all of the traffic.", "It goes on until a person ends it.")


def with_shadows(config: ConfigRecord) -> ConfigRecord:
    """The config with its shadows among the variants, and there alone: they run on instances like any other, which count and cost."""
    shadows = config.document.get(SHADOW, ())
    if not shadows:
        return config
    others = {key: value for key, value in config.document.items() if key != SHADOW}
    return config.model_copy(update={"document": {**others, PRODUCTION: [*config.variants(), *shadows]}})


def _second(made: Draft, variant: str) -> Document:
    """B, beside A or as its shadow."""
    return next(v for v in with_shadows(made.config).variants() if v["VariantName"] != variant)
