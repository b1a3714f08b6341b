"""What versions are worth: in a plan, and by compare and versions."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from fakes.engine import FLEET, Engine, a_model, a_package
from fakes.failing import Failing, throttled
from fakes.records import BEN, CURRENT, ENDPOINT

from bot.domain.errors import GatewayError
from bot.domain.hold import Hold, HoldKind
from bot.domain.phases import Phase
from workers.ports import Run
from workers.wiring import parts_of

REPORT = """{"multiclass_classification_metrics": {
    "accuracy": {"value": 0.93, "standard_deviation": "NaN"}, "recall": {"value": 0.7}, "confusion_matrix": {"0": {"1": 2}}}}"""


class FakeExperiments(Failing):
    """Implements workers.ports.Experiments."""

    def __init__(self, *runs: Run) -> None:
        super().__init__()
        self.runs = {run.id: run for run in runs}
        self.tagged: dict[str, str] = {}

    def run(self, run_id: str) -> Run | None:
        with self.called("run", run_id):
            return self.runs.get(run_id)

    def find(self, tags: dict[str, str]) -> Run | None:
        with self.called("find"):
            return self.runs.get(self.tagged.get(next(iter(tags.values())), ""))


OLD = Run("run3", "old-owl", "http://mlflow.example/#/3", {"f1": 0.90, "wer": 0.081})
NEW = Run("run4", "new-owl", "http://mlflow.example/#/4", {"f1": 0.92, "wer": 0.092})


@pytest.fixture
def experiments() -> FakeExperiments:
    return FakeExperiments(OLD, NEW)


@pytest.fixture
def engine(experiments: FakeExperiments) -> Iterator[Engine]:
    made = Engine()
    named = {3: "run3", 4: "run4"}
    made.registry.packages = [
        a_package(v).model_copy(update={"properties": {"mlflow.run_id": named[v], "metric.accuracy": f"0.9{v}"}})
        if v in named
        else a_package(v)
        for v in (3, 4, 5)
    ]
    made.world = replace(made.world, experiments=experiments)
    made.parts = parts_of(made.world, made.programs)
    yield made
    made.close()


def compared(engine: Engine, versions: str = "3 4") -> str:
    return engine.ask(f"compare {ENDPOINT} {versions}")


def test_compare_says_what_is_better_and_what_is_worse(engine: Engine):
    said = compared(engine)
    assert "wer 0.081 → 0.092 (+13.6 %): worse" in said
    assert "f1 0.9 → 0.92 (+2.2 %): better" in said
    assert "accuracy 0.93 → 0.94 (+1.1 %): better" in said
    assert "better in 2 metrics and worse in 1" in said
    assert "MLflow new-owl" in said


def test_the_plan_shows_old_against_new(engine: Engine):
    rollout = engine.rollout(engine.promote(4))
    assert rollout.plan is not None
    assert rollout.plan.merits is not None
    assert rollout.plan.merits.first.label == "sentiment version 3"
    assert "wer 0.081 → 0.092" in engine.slack.shown("plan").words


@pytest.mark.parametrize("error", [throttled("MLflow runs/get"), GatewayError("MLflow runs/get", "401")])
def test_mlflow_that_does_not_tell_is_said_and_blocks_nothing(
    engine: Engine, experiments: FakeExperiments, error: Exception
):
    experiments.fail("run", *[error] * 20)
    rollout_id = engine.promote(4)
    assert engine.phase(rollout_id) is Phase.AWAITING_APPROVAL
    engine.press("Approve", by=BEN)
    assert engine.play_out(rollout_id) is Phase.SUCCEEDED
    said = compared(engine)
    assert "not known" in said
    assert "accuracy 0.93 → 0.94" in said


def test_mlflow_that_does_not_answer_is_waited_for_once(engine: Engine, experiments: FakeExperiments):
    experiments.fail("run", *[throttled("MLflow runs/get")] * 2)
    said = compared(engine)
    assert said.count("MLflow did not answer") >= 1
    assert experiments.count("run") == 1


def test_a_run_that_mlflow_has_lost_is_said(engine: Engine, experiments: FakeExperiments):
    del experiments.runs["run4"]
    assert "sentiment version 4 names the MLflow run run4, and MLflow has no such run." in compared(engine)


def test_a_version_that_names_no_run_is_found_by_the_runs_tag(engine: Engine, experiments: FakeExperiments):
    experiments.tagged[a_package(5).arn] = "run4"
    assert "wer 0.081 → 0.092" in compared(engine, "3 5")


def test_the_quality_report_counts_where_properties_say_nothing(engine: Engine):
    first = engine.registry.packages[0].model_copy(update={"quality_report": "s3://b/3.json"})
    engine.registry.packages[0] = first
    engine.artifacts.texts["s3://b/3.json"] = REPORT
    said = compared(engine)
    assert "accuracy 0.93 → 0.94" in said
    assert "recall 0.7: not known of the second" in said
    assert "confusion" not in said


def test_without_anything_known_compare_says_so(engine: Engine, experiments: FakeExperiments):
    engine.registry.packages = [a_package(v) for v in (3, 4)]
    assert "No metrics are known" in compared(engine)


def test_compare_knows_only_versions_that_exist(engine: Engine):
    assert "9" in compared(engine, "3 9")


def test_versions_lists_what_runs_what_is_approved_and_what_is_held(engine: Engine):
    bad = Hold(
        kind=HoldKind.HELD,
        endpoint=ENDPOINT,
        since=engine.clock(),
        actor=BEN,
        reason="p99 rose",
        package_arn=a_package(5).arn,
        label="sentiment version 5",
    )
    engine.store.holds.put(ENDPOINT, "test", engine.clock(), lambda _: [bad])
    said = engine.ask(f"versions {ENDPOINT}")
    assert said.index("sentiment version 5") < said.index("sentiment version 3")
    assert "sentiment version 3 · runs now · Approved" in said
    assert "is held" in said


def test_versions_tells_of_those_that_are_left_where_a_seller_took_one_off_the_market():
    arns = [f"arn:aws:sagemaker:us-east-1:865070037744:model-package/acme-v{n}-{n:032x}" for n in (1, 2, 3)]
    engine = Engine(FLEET.replace("model_package_group: sentiment", f"track: {arns}"))
    engine.registry.packages += [
        a_package(3).model_copy(update={"arn": arn, "name": arn, "group": None, "version": None}) for arn in arns[1:]
    ]
    said = engine.ask(f"versions {ENDPOINT}")
    assert "acme-v3" in said
    assert "acme-v2" in said
    assert "acme-v1" not in said
    engine.close()


def test_versions_marks_what_the_declared_variant_runs_and_not_what_is_on_trial_beside_it(engine: Engine):
    config = engine.endpoints.configs[CURRENT]
    a = config.variants()[0]
    b = {**a, "VariantName": "B", "ModelName": "model-v5"}
    engine.endpoints.models["model-v5"] = a_model("model-v5", 5)
    document = {**config.document, "ProductionVariants": [b, a]}
    engine.endpoints.configs[CURRENT] = config.model_copy(update={"document": document})
    said = engine.ask(f"versions {ENDPOINT}")
    assert "sentiment version 3 · runs now" in said
    assert "sentiment version 5 · runs now" not in said
