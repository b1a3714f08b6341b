"""What holds for every text and every command."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.domain.board import BoardState
from bot.domain.commands import (
    COMMANDS,
    AbFinish,
    AbStart,
    AbWeight,
    ApproveVersion,
    Audit,
    Cancel,
    Change,
    Command,
    Compare,
    Deploy,
    FleetCheck,
    FleetImport,
    Freeze,
    Gc,
    Help,
    History,
    Hold,
    Lock,
    Metrics,
    Plan,
    Promote,
    RejectVersion,
    Rollback,
    Scale,
    Status,
    Sync,
    Teardown,
    Thaw,
    Unhold,
    Unlock,
    Versions,
    WaveAbort,
    WaveApprove,
    WavePause,
    WaveReject,
    WaveResume,
    WaveStart,
)
from bot.domain.errors import UsageError
from bot.domain.model import Value
from bot.domain.sizes import StepSize
from bot.domain.strategy import AskedStrategy, StrategyType
from bot.grammar import Context, parse, parse_argv, render
from bot.grammar.definitions import GRAMMAR
from bot.grammar.words import UnclosedQuote, join_words, split_words

NASTY = st.sampled_from(
    [
        "--reason",
        "--env",
        "promote",
        "--",
        "—",
        "“",
        "”",
        '"',
        "'",
        "’",
        "`",
        "\\",
        "<@U1|x>",
        "<https://x|x>",
        "&amp;",
        "=",
    ]
)
ANY_TEXT = (
    st.text(max_size=40)
    | st.lists(NASTY | st.text(max_size=5), max_size=8).map(" ".join)
    | st.lists(NASTY).map("".join)
)


NAMES = st.from_regex(r"\A[a-zA-Z0-9](-?[a-zA-Z0-9]){0,20}\Z")
WORDS = st.from_regex(r"\A[^\s-]\S{0,10}\Z")
KEYS = st.from_regex(r"\A[a-zA-Z_][a-zA-Z0-9_]{0,10}\Z")
IDS = st.from_regex(r"\A[a-zA-Z0-9][a-zA-Z0-9_-]{0,10}\Z")
REASONS = ANY_TEXT.map(lambda text: Promote.model_validate({"endpoint": "a", "reason": f"x{text}x"}).reason) | NASTY


@st.composite
def changes(draw):
    what = draw(
        st.fixed_dictionaries(
            {},
            optional={
                "instance_type": st.just("ml.p4de.24xlarge"),
                "count": st.integers(1, 999_999),
                "env": st.dictionaries(KEYS, ANY_TEXT, max_size=3),
            },
        )
    )
    run = draw(
        st.none()
        | st.tuples(st.just("version"), st.integers(1, 999_999_999) | st.just("latest"))
        | st.tuples(st.just("image"), WORDS)
        | st.tuples(st.just("package"), st.just("arn:aws:sagemaker:eu-west-1:123456789012:model-package/a/3"))
    )
    unset = draw(st.lists(KEYS, max_size=2))
    return Change.model_validate(
        {**what, **dict([run] if run else []), "unset": [key for key in unset if key not in what.get("env", {})]}
    )


BAKES = st.none() | st.integers(0, 3_600).map(lambda seconds: timedelta(seconds=seconds))
SIZES = st.builds(StepSize, unit=st.just("percent"), value=st.integers(10, 50)) | st.builds(
    StepSize, unit=st.just("instances"), value=st.integers(1, 999_999)
)
SHIFTING = st.none() | st.sampled_from([StrategyType.CANARY, StrategyType.LINEAR, StrategyType.ROLLING])
STRATEGIES = st.none() | (
    st.builds(AskedStrategy, type=SHIFTING, size=st.none() | SIZES, bake=BAKES)
    | st.builds(AskedStrategy, type=st.sampled_from(StrategyType), bake=BAKES)
).filter(lambda asked: asked != AskedStrategy())

OPTIONAL_WORD = st.none() | WORDS
TIMES = ANY_TEXT.map(lambda text: Freeze.model_validate({"until": f"x{text[:40]}x", "reason": "a"}).until)
VERSIONS = st.none() | st.integers(1, 999) | st.just("latest")
COMMAND_KINDS: dict[type[Value], st.SearchStrategy[Value]] = {
    Help: st.builds(Help, command=st.none() | st.sampled_from(list(GRAMMAR.commands))),
    Status: st.builds(Status, endpoint=OPTIONAL_WORD)
    | st.builds(
        Status,
        endpoint=st.none() | WORDS.map(lambda word: f"{word}*"),
        states=st.lists(st.sampled_from(BoardState), max_size=3).map(tuple),
        owner=st.none() | st.sampled_from(["me", "U0ANNA"]),
        policy=st.none() | st.sampled_from(["auto", "ask", "manual"]),
        group=st.none() | NAMES,
        page=st.integers(1, 999),
    ),
    Plan: st.builds(Plan, endpoint=WORDS, change=changes(), strategy=STRATEGIES),
    Promote: st.builds(
        Promote,
        endpoint=WORDS,
        change=changes(),
        strategy=STRATEGIES,
        at=st.none() | REASONS,
        reason=st.none() | REASONS,
    ),
    Scale: st.builds(
        Scale,
        endpoint=WORDS,
        count=st.integers(1, 999_999),
        variant=st.none() | NAMES,
        at=st.none() | REASONS,
        reason=st.none() | REASONS,
    ),
    Rollback: st.builds(Rollback, endpoint=WORDS, to=st.none() | NAMES, rollout_id=st.none() | IDS)
    | st.builds(Rollback, rollout_id=IDS),
    History: st.builds(History, endpoint=OPTIONAL_WORD),
    Cancel: st.builds(Cancel, rollout_id=IDS),
    Lock: st.builds(Lock, endpoint=WORDS, until=st.none() | TIMES, reason=REASONS),
    Unlock: st.builds(Unlock, endpoint=WORDS),
    Freeze: st.builds(Freeze, until=st.none() | TIMES, reason=REASONS),
    Thaw: st.builds(Thaw),
    Hold: st.builds(Hold, endpoint=WORDS, reason=REASONS),
    Unhold: st.builds(Unhold, endpoint=WORDS),
    Deploy: st.builds(Deploy, endpoint=WORDS, version=VERSIONS, at=st.none() | REASONS, reason=st.none() | REASONS),
    Teardown: st.builds(Teardown, endpoint=WORDS, at=st.none() | REASONS, reason=REASONS),
    AbStart: st.builds(
        AbStart,
        endpoint=WORDS,
        version=VERSIONS,
        weight=st.integers(0, 100),
        shadow=st.booleans(),
        reason=st.none() | REASONS,
    ),
    AbWeight: st.builds(AbWeight, endpoint=WORDS, weight=st.integers(0, 100)),
    AbFinish: st.builds(AbFinish, endpoint=WORDS, keep=st.sampled_from("AB"), reason=st.none() | REASONS),
    Versions: st.builds(Versions, endpoint=WORDS),
    Compare: st.builds(
        Compare, endpoint=WORDS, first=st.integers(1, 99), second=st.integers(1, 99) | st.just("latest")
    ),
    ApproveVersion: st.builds(ApproveVersion, group=NAMES, version=st.integers(1, 99), reason=st.none() | REASONS),
    RejectVersion: st.builds(RejectVersion, group=NAMES, version=st.integers(1, 99), reason=REASONS),
    Sync: st.builds(Sync, endpoint=WORDS) | st.builds(Sync, all=st.just(True)),
    WaveStart: st.builds(WaveStart, wave=NAMES, version=VERSIONS, reason=st.none() | REASONS),
    WaveApprove: st.builds(WaveApprove, wave_id=IDS, plan=st.none() | NAMES),
    WaveReject: st.builds(WaveReject, wave_id=IDS),
    WavePause: st.builds(WavePause, wave_id=IDS),
    WaveResume: st.builds(WaveResume, wave_id=IDS),
    WaveAbort: st.builds(WaveAbort, wave_id=IDS),
    Audit: st.builds(Audit, since=st.integers(1, 14 * 86_400).map(lambda s: timedelta(seconds=s))),
    Gc: st.builds(Gc, delete=st.booleans()),
    FleetCheck: st.builds(FleetCheck, file=st.none() | WORDS),
    FleetImport: st.builds(FleetImport),
    Metrics: st.builds(
        Metrics, endpoint=WORDS, since=st.integers(300, 14 * 86_400).map(lambda s: timedelta(seconds=s))
    ),
}


def test_properties_cover_every_command():
    assert {kind.model_fields["name"].default for kind in COMMAND_KINDS} == set(GRAMMAR.commands)


@settings(deadline=None)  # a busy machine is no defect
@given(st.one_of(*COMMAND_KINDS.values()))
@example(Status(endpoint="?"))
@example(Promote(endpoint="—a", reason="--help"))
def test_command_that_is_written_down_is_read_back_equal(command):
    assert parse(render(command)) == command


@settings(deadline=None)  # a busy machine is no defect
@given(st.one_of(*COMMAND_KINDS.values()))
def test_command_that_travels_as_json_arrives_equal(command):
    assert COMMANDS.validate_json(command.model_dump_json()) == command


@settings(deadline=None)  # a busy machine is no defect
@given(st.lists(ANY_TEXT))
@example(["", "it's", "—x", "-x", "--x", "“a” b", "\\", '\\"', "&amp;", "<@U1|x>", "a\u00a0b", "`x`"])
def test_words_that_are_joined_are_cut_the_same_again(words):
    assert split_words(join_words(words)) == words


def outcome(read: Callable[[], Command]) -> Command | UsageError:
    try:
        return read()
    except UsageError as refused:
        return refused


@settings(deadline=None)  # a busy machine is no defect
@given(ANY_TEXT, st.sampled_from([None, Context(endpoint="e", rollout_id="r"), Context(endpoint="e")]))
@example("promote " + "\udcff", None)
@example("promote a --version ٤", None)
@example("promote a --count ²", None)
def test_any_text_makes_a_command_or_a_refusal(text, context):
    for typed in (text, f"promote a {text}", f"rollback {text}"):
        result = outcome(lambda typed=typed: parse(typed, context))
        assert result.user_message if isinstance(result, UsageError) else result.name in GRAMMAR.commands


@settings(deadline=None)  # a busy machine is no defect
@given(st.lists(ANY_TEXT))
def test_any_argv_makes_a_command_or_a_refusal(argv):
    for words in (argv, ["promote", *argv]):
        result = outcome(lambda words=words: parse_argv(words))
        assert result.user_message if isinstance(result, UsageError) else result.name in GRAMMAR.commands


@settings(deadline=None)  # a busy machine is no defect
@given(st.text())
def test_text_without_quotes_never_lacks_one(text):
    for quote in "\"“”„‟'‘’‚‛":
        text = text.replace(quote, "")
    split_words(text)


def test_quote_that_never_closes_is_found_from_where_it_opens():
    with pytest.raises(UnclosedQuote) as caught:
        split_words("one “two three")
    assert caught.value.rest == "“two three"
