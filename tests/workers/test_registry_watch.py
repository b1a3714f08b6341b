"""The registry as people hear of it: announced once, decided once, and the alarm when a running version is revoked."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from fakes.account import FakeRegistry
from fakes.engine import FLEET, Engine, a_package
from fakes.estate import Estate, standing_on
from fakes.failing import lost, throttled
from fakes.messenger import Posted
from fakes.records import ANNA, BEN, CARL, CURRENT, ENDPOINT

from bot.domain.endpoint import ApprovalStatus, ModelPackage
from bot.domain.errors import ResourceBusy, SlackRefused
from bot.domain.fleet import EndpointSpec
from bot.domain.hold import Hold, HoldKind
from bot.domain.phases import Kind
from bot.messages.ids import InputId
from bot.store import keys
from workers.noticing import NOTICE
from workers.world import Aws

APPROVED, PENDING, REJECTED = ApprovalStatus.APPROVED, ApprovalStatus.PENDING, ApprovalStatus.REJECTED

MANAGED = FLEET.replace("defaults:", "manager: {census: 30s}\ndefaults:\n  channel: C0MLDEPLOYS\n  policy: manual")


class Watched(Engine):
    """An endpoint on version 3, with version 4 approved and 6 waiting; its rounds come as time passes."""

    def round(self) -> None:
        """Let everything that comes round have come round."""
        self.begin_rounds()
        self.clock.tick(timedelta(seconds=61))
        self.settle()

    @property
    def notices(self) -> list[Posted]:
        return [p for p in self.slack.posted if p.slot == NOTICE]

    @property
    def words(self) -> list[str]:
        return [notice.words for notice in self.notices]

    def version(self, number: int) -> ModelPackage:
        return next(p for p in self.registry.packages if p.version == number)

    def ask_as(self, who: str, command: str) -> str:
        """What a slash command of that person answers."""
        self.type(command, by=who)
        return self.slack.responses[-1][1]

    def decided(self, number: int, status: ApprovalStatus, by: str = "") -> None:
        """Somebody decides in the console."""
        self.registry.decides(self.version(number), status, "because", by=f"arn:aws:iam::1:user/{by}")


@pytest.fixture
def engine() -> Iterator[Watched]:
    made = Watched(MANAGED)
    yield made
    made.close()


def announcement(engine: Watched) -> Posted:
    (only,) = engine.notices
    return only


# Announcing


def test_a_version_that_waits_for_approval_is_announced_once(engine: Watched) -> None:
    for _ in range(3):
        engine.round()
    said = announcement(engine)
    assert said.channel == "C0MLDEPLOYS"
    assert said.words.startswith("sentiment version 6 waits for approval.")
    assert list(said.buttons) == ["Approve version", "Reject version…"]
    assert engine.crashes == []


def test_at_the_first_look_only_the_newest_of_those_that_wait_is_announced(engine: Watched) -> None:
    engine.registry.packages += [a_package(8, PENDING), a_package(9, PENDING)]
    engine.round()
    assert announcement(engine).words.startswith("sentiment version 9")
    assert "sentiment version 8, sentiment version 6 wait too" in announcement(engine).words
    engine.registry.packages.append(a_package(10, PENDING))
    engine.round()
    assert [w.split(" waits")[0] for w in engine.words] == ["sentiment version 9", "sentiment version 10"]


def test_after_the_store_was_emptied_nobody_is_flooded(engine: Watched) -> None:
    engine.registry.packages += [a_package(8, PENDING), a_package(9, PENDING)]
    engine.round()
    engine.redis.flushall()
    engine.round()
    assert [w.split(" waits")[0] for w in engine.words] == ["sentiment version 9"] * 2


def test_a_version_is_announced_when_it_is_made_and_not_before(engine: Watched) -> None:
    making = a_package(8, PENDING).model_copy(update={"status": "InProgress"})
    engine.registry.packages = [a_package(3), making]
    engine.round()
    assert engine.notices == []
    engine.registry.packages = [a_package(3), a_package(8, PENDING)]
    engine.round()
    assert announcement(engine).words.startswith("sentiment version 8")


def test_an_older_version_than_the_one_that_runs_is_no_news(engine: Watched) -> None:
    engine.registry.packages = [a_package(3), a_package(2, PENDING)]
    engine.round()
    assert engine.notices == []


def test_without_a_channel_nothing_is_said() -> None:
    engine = Watched(MANAGED.replace("  channel: C0MLDEPLOYS\n", ""))
    engine.round()
    assert engine.slack.posted == []
    engine.close()


def test_a_channel_without_the_bot_hears_of_it_once_the_bot_is_invited(engine: Watched) -> None:
    engine.slack.fail("post", SlackRefused("chat.postMessage", "not_in_channel"))
    engine.round()
    engine.round()
    assert engine.notices == []
    assert engine.slack.count("post") == 1, "a channel that refuses is not tried in every round"
    engine.redis.delete(keys.memory("slack refused C0MLDEPLOYS"))  # ten minutes pass
    engine.round()
    assert announcement(engine).words.startswith("sentiment version 6")


def test_a_post_whose_answer_was_lost_is_not_repeated(engine: Watched) -> None:
    engine.slack.fail("post", lost("chat.postMessage"))
    engine.round()
    engine.round()
    assert announcement(engine).words.startswith("sentiment version 6")
    engine.press("Approve version", by=BEN)
    assert engine.notices[0].buttons == {}


def test_a_throttled_registry_is_asked_again(engine: Watched) -> None:
    engine.registry.fail("describe_package", *[throttled("DescribeModelPackage")] * 2)
    for _ in range(3):
        engine.round()
    assert announcement(engine).words.startswith("sentiment version 6")


# Deciding


def test_approve_version_writes_to_the_registry_and_the_announcement_says_who(engine: Watched) -> None:
    engine.slack.handles[BEN] = "ben"
    engine.round()
    engine.press("Approve version", by=BEN)
    package = engine.version(6)
    assert (package.approval, package.approval_note) == (APPROVED, f"approved from Slack by ben ({BEN})")
    said = engine.notices[0]
    assert f"sentiment version 6: Approved by @{BEN}" in said.words
    assert said.buttons == {}


def test_a_decision_is_in_the_audit_trail_once(engine: Watched) -> None:
    engine.round()
    engine.type('approve-version sentiment 6 --reason "better recall"', by=BEN)
    entries = [fields[b"entry"].decode() for _, fields in engine.redis.xrange(keys.AUDIT)]
    (entry,) = [e for e in entries if "version" in e and "Approved" in e]
    assert BEN in entry
    assert "better recall" in entry
    assert "PendingManualApproval" in entry


class SilentAfterwards(FakeRegistry):
    """Takes a decision, and is throttled from then on."""

    def set_approval(self, arn: str, status: ApprovalStatus, note: str) -> None:
        super().set_approval(arn, status, note)
        self.fail("describe_package", *[throttled("DescribeModelPackage")] * 50)
        self.fail("list_versions", *[throttled("ListModelPackages")] * 50)


def test_a_decision_that_was_taken_is_told_although_aws_answers_nothing_more(engine: Watched) -> None:
    engine.round()
    engine.lives_in(registry=SilentAfterwards(*engine.registry.packages))
    engine.endpoints.fail("describe", *[throttled("DescribeEndpoint")] * 50)
    answer = engine.ask_as(BEN, 'approve-version sentiment 6 --reason "better recall"')
    assert answer.startswith(f"sentiment version 6: Approved by @{BEN}")
    assert answer.endswith(": better recall")
    assert engine.notices[0].buttons == {}


def test_the_second_clicker_is_told_who_was_first_and_changes_nothing(engine: Watched) -> None:
    engine.round()
    value = announcement(engine).buttons["Approve version"]["value"]
    engine.press("Approve version", by=BEN)
    engine.press_command(value, by=CARL, on=engine.notices[0])
    assert engine.slack.whispers == [
        (CARL, f"sentiment version 6 is Approved already, by <@{BEN}>. You changed nothing.")
    ]
    assert engine.registry.count("set_approval") == 1


def test_a_stale_button_does_not_overturn_a_decision_and_a_typed_command_does(engine: Watched) -> None:
    engine.round()
    stale = announcement(engine).buttons["Reject version…"]["value"]
    engine.press("Approve version", by=BEN)
    engine.press_command(stale, by=CARL, on=engine.notices[0])
    assert engine.slack.views == []
    assert engine.slack.whispers[-1][1].endswith("To reject it nevertheless: reject-version sentiment 6 --reason TEXT")
    assert engine.version(6).approval is APPROVED
    engine.type('reject-version sentiment 6 --reason "recall is worse"', by=CARL)
    assert engine.version(6).approval is REJECTED


def test_outsiders_decide_nothing(engine: Watched) -> None:
    engine.round()
    engine.press("Approve version", by=ANNA)
    engine.press("Reject version…", by=ANNA)
    assert [who for who, _ in engine.slack.whispers] == [ANNA, ANNA]
    assert f"Ask <@{BEN}> or <@{CARL}>" in engine.slack.whispers[0][1]
    assert engine.registry.count("set_approval") == 0
    assert engine.slack.views == []


def test_a_rejection_asks_why_and_does_nothing_before_it_is_told(engine: Watched) -> None:
    engine.round()
    engine.press("Reject version…", by=BEN)
    assert engine.version(6).approval is PENDING
    engine.submit({InputId.REASON: "  "}, by=BEN)
    assert "needs a reason" in engine.slack.whispers[-1][1]
    assert engine.version(6).approval is PENDING
    engine.submit({InputId.REASON: "recall is worse"}, by=BEN)
    assert engine.version(6).approval is REJECTED
    said = engine.notices[0]
    assert f"Rejected by @{BEN}" in said.words
    assert "recall is worse" in said.words


def test_a_form_that_was_open_while_somebody_else_decided_changes_nothing(engine: Watched) -> None:
    engine.round()
    engine.press("Reject version…", by=BEN)
    engine.press("Approve version", by=CARL)
    engine.submit({InputId.REASON: "recall is worse"}, by=BEN)
    told = engine.slack.whispers[-1][1]
    assert f"Approved already, by <@{CARL}>" in told
    assert engine.version(6).approval is APPROVED
    engine.type(told.partition("nevertheless: ")[2], by=BEN)
    assert engine.version(6).approval is REJECTED
    assert "recall is worse" in (engine.version(6).approval_note or "")


def test_two_who_decide_at_the_same_moment_hear_who_won(engine: Watched) -> None:
    carl_was_faster = ResourceBusy("sentiment/6", operation="UpdateModelPackage", code="ConflictException")
    engine.registry.fail("set_approval", carl_was_faster)
    answer = engine.ask_as(BEN, "approve-version sentiment 6")
    assert "Somebody else changed it at the same moment: sentiment version 6 is PendingManualApproval" in answer
    assert "You changed nothing. To approve it nevertheless: approve-version sentiment 6" in answer


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("approve-version sentiment 66", "There is no version of sentiment “66”. Did you mean 6"),
        ("approve-version sentimant 6", "Did you mean sentiment?"),
        (f"approve-version {ENDPOINT} 6", "Did you mean sentiment?"),
        ("approve-version sentiment 4", "sentiment version 4 is Approved already"),
        ("reject-version sentiment 7 --reason no", "sentiment version 7 is Rejected already"),
        ("approve-version sentiment 8", "sentiment version 8 is Failed, not Completed"),
    ],
)
def test_what_cannot_be_decided_is_refused_in_words(engine: Watched, command: str, answer: str) -> None:
    engine.registry.packages.append(a_package(8, PENDING).model_copy(update={"status": "Failed"}))
    assert answer in engine.ask_as(BEN, command)
    assert engine.registry.count("set_approval") == 0


def test_an_announcement_of_what_was_decided_in_the_console_is_settled_in_the_next_round(engine: Watched) -> None:
    engine.round()
    engine.decided(6, REJECTED, by="carla")
    engine.round()
    assert "Rejected by carla" in announcement(engine).words
    assert announcement(engine).buttons == {}
    edits = announcement(engine).edits
    engine.round()
    assert announcement(engine).edits == edits


def test_an_announcement_of_a_version_that_was_deleted_says_so(engine: Watched) -> None:
    engine.round()
    engine.registry.packages.remove(engine.version(6))
    engine.round()
    assert "was deleted from the registry" in announcement(engine).words


# Policy `manual`


def test_an_approved_version_is_told_once_to_endpoints_that_take_it_by_hand(engine: Watched) -> None:
    engine.registry.packages = [a_package(3)]
    engine.round()
    engine.registry.packages.append(a_package(4))
    for _ in range(3):
        engine.round()
    assert announcement(engine).words.startswith("sentiment version 4 is approved.")
    engine.press(f"Promote {ENDPOINT}", by=ANNA)
    assert engine.store.rollouts.recent(ENDPOINT)[0].kind is Kind.UPDATE


def test_what_was_approved_before_the_first_look_is_left_to_the_board(engine: Watched) -> None:
    engine.registry.packages = [a_package(3), a_package(4)]
    engine.round()
    engine.round()
    assert engine.notices == []


# Revoked


@pytest.fixture
def revoked(engine: Watched) -> Watched:
    engine.registry.packages = [a_package(v) for v in (2, 3, 4)]
    engine.round()
    engine.decided(3, REJECTED, by="carla")
    engine.round()
    return engine


def test_a_running_version_that_is_rejected_raises_the_alarm_once_and_offers_the_newest_approved(
    revoked: Watched,
) -> None:
    revoked.round()
    alert = announcement(revoked)
    assert f"{ENDPOINT} runs sentiment version 3, which is no longer approved." in alert.words
    assert "Rejected by carla" in alert.words
    revoked.press("Promote to version 4", by=ANNA)
    assert revoked.store.rollouts.recent(ENDPOINT)[0].change.version == 4


def test_a_held_version_is_not_offered(engine: Watched) -> None:
    engine.registry.packages = [a_package(v) for v in (2, 3, 4)]
    engine.round()
    hold = Hold(
        kind=HoldKind.HELD,
        endpoint=ENDPOINT,
        since=engine.clock(),
        actor=BEN,
        reason="it was bad",
        package_arn=a_package(4).arn,
        rank=4,
    )
    engine.store.holds.put(ENDPOINT, "e1", engine.clock(), lambda _: (hold,))
    engine.decided(3, REJECTED)
    engine.round()
    assert list(announcement(engine).buttons) == ["Promote to version 2"]


def test_the_alarm_of_a_version_that_waits_for_approval_offers_that_and_stays_true(engine: Watched) -> None:
    engine.registry.packages = [a_package(3, PENDING)]
    engine.round()
    alert = announcement(engine)
    assert "which nobody has approved: it waits for that" in alert.words
    assert list(alert.buttons) == ["Approve version", "Roll back"]
    engine.decided(3, REJECTED, by="carla")
    engine.round()
    assert "Rejected by carla" in announcement(engine).words
    assert list(announcement(engine).buttons) == ["Roll back"]
    engine.decided(3, PENDING)
    engine.round()
    engine.press("Approve version", by=BEN)
    engine.round()
    assert "sentiment version 3 is approved now" in announcement(engine).words


def test_with_nothing_else_approved_the_alarm_offers_the_way_back(engine: Watched) -> None:
    engine.registry.packages = [a_package(3)]
    engine.round()
    engine.decided(3, REJECTED)
    engine.round()
    assert list(announcement(engine).buttons) == ["Roll back"]


def test_an_alarm_is_over_when_the_version_is_approved_again_and_rings_again_if_it_is_revoked_again(
    revoked: Watched,
) -> None:
    revoked.decided(3, APPROVED)
    revoked.round()
    assert "sentiment version 3 is approved now" in announcement(revoked).words
    assert announcement(revoked).buttons == {}
    revoked.decided(3, REJECTED)
    revoked.round()
    assert len(revoked.notices) == 2


def test_an_alarm_is_over_when_something_else_runs(revoked: Watched) -> None:
    other = revoked.endpoints.configs[CURRENT].model_copy(update={"name": "made-by-hand"})
    document = {"PrimaryContainer": {"ModelPackageName": a_package(4).arn}}
    model = revoked.endpoints.models["model-v3"].model_copy(update={"name": "model-v4", "document": document})
    variants = [{**other.variants()[0], "ModelName": "model-v4"}]
    revoked.endpoints.models["model-v4"] = model
    revoked.endpoints.configs["made-by-hand"] = other.model_copy(update={"document": {"ProductionVariants": variants}})
    revoked.endpoints.config, revoked.endpoints.moved_at = "made-by-hand", revoked.clock()
    revoked.round()
    assert "does not run there any more" in announcement(revoked).words


TWO = (
    MANAGED
    + """  sentiment-eu:
    model_package_group: sentiment
"""
)


def test_endpoints_on_the_same_revoked_version_share_one_alarm_that_stays_true() -> None:
    engine = Watched(TWO)
    engine.registry.packages = [a_package(v) for v in (3, 4)]
    engine.decided(3, REJECTED)
    other = standing_on(engine.clock, "sentiment-eu", a_package(3))
    engine.lives_in(endpoints=Estate(engine.endpoints, other))
    engine.round()
    alert = announcement(engine)
    assert list(alert.buttons) == [f"{ENDPOINT}: promote to version 4", "sentiment-eu: promote to version 4"]
    newer = standing_on(engine.clock, "sentiment-eu", a_package(4))
    other.models["sentiment-eu-model"] = newer.models["sentiment-eu-model"]
    other.moved_at = engine.clock()
    engine.round()
    assert list(announcement(engine).buttons) == ["Promote to version 4"]
    engine.close()


# What may happen to an errand


def test_a_decision_whose_answer_was_lost_is_made_once_and_told(engine: Watched) -> None:
    engine.slack.handles[BEN] = "ben"
    engine.round()
    engine.registry.fail("set_approval", lost("UpdateModelPackage"))
    engine.press("Approve version", by=BEN)
    engine.play(lambda: engine.notices[0].buttons == {}, limit=timedelta(minutes=1))
    assert engine.version(6).approval is APPROVED
    assert engine.slack.whispers == []
    assert engine.registry.count("set_approval") == 1
    entries = [fields[b"entry"].decode() for _, fields in engine.redis.xrange(keys.AUDIT)]
    assert len([e for e in entries if '"version"' in e]) == 1


GROUP_ARN = "arn:aws:sagemaker:us-east-1:123456789012:model-package-group/sentiment"


def test_a_group_of_that_name_in_two_regions_has_to_be_named_in_full() -> None:
    engine = Watched(TWO + "    region: eu-west-1\n")
    own, there = engine.world.aws(engine.world.fleet.endpoint(ENDPOINT)), a_package(6, PENDING)
    european = FakeRegistry(there.model_copy(update={"arn": there.arn.replace("us-east-1", "eu-west-1")}))

    def aws(spec: EndpointSpec) -> Aws:
        return replace(own, registry=european) if spec.region == "eu-west-1" else own

    object.__setattr__(engine.world, "aws", aws)
    answer = engine.ask_as(BEN, "approve-version sentiment 6")
    assert "Several accounts or regions have a group sentiment" in answer
    assert GROUP_ARN in answer
    assert engine.registry.count("set_approval") + european.count("set_approval") == 0
    engine.ask_as(BEN, f"approve-version {GROUP_ARN.replace('us-east-1', 'eu-west-1')} 6")
    assert (engine.registry.count("set_approval"), european.count("set_approval")) == (0, 1)
    engine.close()


ROLE = "arn:aws:iam::210987654321:role/endpoint-bot"
SHARED = f"""  sentiment-far:
    model_package_group: {GROUP_ARN}
    role_to_assume: {ROLE}
    channel: C0FAR
    approval: {{users: [{ANNA}]}}
"""


@pytest.mark.parametrize("here", [GROUP_ARN, "sentiment"])
@pytest.mark.parametrize("typed", [GROUP_ARN, "sentiment"])
def test_a_group_that_two_accounts_share_is_decided_on_by_whoever_approves_in_either(here: str, typed: str) -> None:
    engine = Watched(MANAGED.replace("model_package_group: sentiment", f"model_package_group: {here}") + SHARED)
    assert "sentiment version 6: Approved by" in engine.ask_as(ANNA, f"approve-version {typed} 6")
    assert engine.version(6).approval is APPROVED
    engine.close()


def test_a_group_that_two_accounts_share_is_announced_in_the_channels_of_both_and_decided_there() -> None:
    engine = Watched(MANAGED.replace("model_package_group: sentiment", f"model_package_group: {GROUP_ARN}") + SHARED)
    far = standing_on(engine.clock, "sentiment-far", a_package(3))
    engine.lives_in(endpoints=Estate(engine.endpoints, far))
    for _ in range(3):
        engine.round()
    assert [said.channel for said in engine.notices] == ["C0MLDEPLOYS", "C0FAR"]
    engine.press("Approve version", by=ANNA, on=engine.notices[1])
    assert engine.version(6).approval is APPROVED
    engine.close()


def test_marketplace_packages_have_no_approval_to_decide_on() -> None:
    arn = "arn:aws:sagemaker:us-east-1:865070037744:model-package/acme-v1-0123456789abcdef0123456789abcdef"
    engine = Watched(MANAGED.replace("model_package_group: sentiment", f"track: [{arn}]"))
    assert "have no approval in the registry" in engine.ask_as(BEN, f"approve-version {ENDPOINT} 1")
    assert "No endpoint of the fleet file runs versions of a group" in engine.ask_as(BEN, "approve-version x 1")
    engine.close()


def test_an_approved_version_comes_by_itself_where_the_policy_says_so() -> None:
    engine = Watched(MANAGED.replace("policy: manual", "policy: auto"))
    engine.registry.packages = [a_package(3), a_package(6, PENDING)]
    engine.round()
    engine.press("Approve version", by=BEN)
    (rollout,) = engine.store.rollouts.recent(ENDPOINT)
    assert rollout.change.package == a_package(6).arn or rollout.change.version == 6
    assert rollout.requester == "bot"
    engine.close()
