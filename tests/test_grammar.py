"""What people type, and what they get for it."""

import re
from typing import Literal

import click
import pytest

from bot.domain.commands import Cancel, Change, Help, History, Plan, Promote, Rollback, Status
from bot.domain.errors import UsageError
from bot.domain.model import Value
from bot.domain.strategy import AskedStrategy
from bot.grammar import TERMINAL_PREFIX, Context, help_text, parse, parse_argv, render
from bot.grammar.definitions import GRAMMAR

PACKAGE = "arn:aws:sagemaker:us-east-1:865070037744:model-package/acme-stt-en-v2-fedcba9876543210fedcba9876543210"


def refusal(text: str, context: Context | None = None) -> UsageError:
    with pytest.raises(UsageError) as caught:
        parse(text, context)
    return caught.value


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("", Help()),
        ("   ", Help()),
        ("help", Help()),
        ("--help", Help()),
        ("?", Help()),
        ("help promote", Help(command="promote")),
        ("help Promote", Help(command="promote")),
        ("promote stt-prod --help", Help(command="promote")),
        ("help ab", Help(command="ab")),
        ("help Wave", Help(command="wave")),
        ("ab", Help(command="ab")),
        ("Wave", Help(command="wave")),
        ("fleet --help", Help(command="fleet")),
        ("wave start --help", Help(command="wave start")),
        ("status", Status()),
        ("status stt-prod", Status(endpoint="stt-prod")),
        ("plan stt-prod --version 4", Plan(endpoint="stt-prod", change=Change(version=4))),
        ("promote stt-prod", Promote(endpoint="stt-prod")),
        ("promote stt-prod --version v4", Promote(endpoint="stt-prod", change=Change(version=4))),
        ("promote stt-prod --version=LATEST", Promote(endpoint="stt-prod", change=Change(version="latest"))),
        (f"promote stt-prod --package {PACKAGE}", Promote(endpoint="stt-prod", change=Change(package=PACKAGE))),
        (
            "promote a --image 1.dkr.ecr/x:2 --instance-type ml.g5.xlarge --count 3 --env A=1 --env B= --unset C",
            Promote(
                endpoint="a",
                change=Change(
                    image="1.dkr.ecr/x:2", instance_type="ml.g5.xlarge", count=3, env={"A": "1", "B": ""}, unset=("C",)
                ),
            ),
        ),
        (
            "promote a --strategy Canary --size 25% --bake 15m",
            Promote(
                endpoint="a",
                strategy=AskedStrategy.model_validate({"type": "canary", "size": "25%", "bake": "15m"}),
            ),
        ),
        (
            "plan a --size 2 --count 8",
            Plan(endpoint="a", change=Change(count=8), strategy=AskedStrategy.model_validate({"size": 2})),
        ),
        ("promote --reason because a", Promote(endpoint="a", reason="because")),
        ("rollback a", Rollback(endpoint="a")),
        ("rollback a --to a-config-1", Rollback(endpoint="a", to="a-config-1")),
        ("rollback --rollout r-1", Rollback(rollout_id="r-1")),
        ("history", History()),
        ("history a", History(endpoint="a")),
        ("cancel r-1", Cancel(rollout_id="r-1")),
    ],
)
def test_command_is_understood(typed, meant):
    assert parse(typed) == meant


@pytest.mark.parametrize(
    ("typed", "plain"),
    [
        ("Promote a", "promote a"),
        ("/endpoint promote a", "promote a"),
        ("<@U0BOT> promote a", "promote a"),
        ("<@U0BOT|endpoint-bot>: promote a", "promote a"),
        ("@endpoint-bot promote a", "promote a"),
        ("promote a —version 4", "promote a --version 4"),
        ("promote a –version 4", "promote a --version 4"),
        ("promote a -version 4", "promote a --version 4"),
        ("promote a ––version=4", "promote a --version 4"),
        ("promote a --Version 4", "promote a --version 4"),
        ("promote\u00a0a\u2003--version\u00a04", "promote a --version 4"),
        ("promote \u200ba\ufeff", "promote a"),
        ("`promote a --version 4`", "promote a --version 4"),
        ("promote `a` --env `A=1`", "promote a --env A=1"),
        ("```\npromote a\n```", "promote a"),
        ("promote a --reason “too slow”", 'promote a --reason "too slow"'),
        ("promote a --reason „too slow“", 'promote a --reason "too slow"'),
        ("promote a --reason ‘too slow’", 'promote a --reason "too slow"'),
        ("promote a --reason 'too slow'", 'promote a --reason "too slow"'),
        ("promote a --reason=“too slow”", 'promote a --reason "too slow"'),
        ('promote a --reason "too slow”', 'promote a --reason "too slow"'),
        ("promote a --reason ‘it’s slow’", 'promote a --reason "it’s slow"'),
        ("promote a --env A=“x=1 y”", 'promote a --env "A=x=1 y"'),
        ("promote a --env “A=x=1 y”", 'promote a --env "A=x=1 y"'),
        ("promote a --image <http://acme.com/x|acme.com/x>", "promote a --image acme.com/x"),
        ("promote a --env U=<https://acme.com/?a=1&amp;b=2>", 'promote a --env "U=https://acme.com/?a=1&b=2"'),
        ("promote a --env U=<https://acme.com|see>", "promote a --env U=https://acme.com"),
        ("promote a --env M=<mailto:x@acme.com|x@acme.com>", "promote a --env M=x@acme.com"),
        ("promote a --reason &lt;b&gt;&amp;amp;", 'promote a --reason "<b>&amp;amp;"'),
        ('promote a --reason "for <@U0BEN|ben>"', 'promote a --reason "for <@U0BEN>"'),
        ("promote a --reason <odd|thing>", 'promote a --reason "<odd|thing>"'),
    ],
)
def test_what_phones_and_slack_make_of_it_means_the_same(typed, plain):
    assert parse(typed) == parse(plain)


def test_apostrophe_within_a_word_is_a_letter():
    assert parse("promote a --reason it's") == Promote(endpoint="a", reason="it's")


def test_dash_within_quotes_stays_a_dash():
    assert parse('promote a --reason "—slow"') == Promote(endpoint="a", reason="—slow")


def test_backslash_makes_a_quote_ordinary_and_is_itself_otherwise():
    assert parse(r'promote a --reason "say \"no\" to C:\temp \\"') == Promote(
        endpoint="a", reason='say "no" to C:\\temp \\'
    )


THREAD = Context(endpoint="stt-prod", rollout_id="r-1")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("status", Status(endpoint="stt-prod")),
        ("status other", Status(endpoint="other")),
        ("history", History(endpoint="stt-prod")),
        ("promote --version 4", Promote(endpoint="stt-prod", change=Change(version=4))),
        ("plan", Plan(endpoint="stt-prod")),
        ("cancel", Cancel(rollout_id="r-1")),
        ("cancel r-2", Cancel(rollout_id="r-2")),
        ("rollback", Rollback(endpoint="stt-prod", rollout_id="r-1")),
        ("rollback stt-prod", Rollback(endpoint="stt-prod", rollout_id="r-1")),
        ("rollback --to c", Rollback(endpoint="stt-prod", rollout_id="r-1", to="c")),
        ("rollback other", Rollback(endpoint="other")),
        ("rollback --rollout r-2", Rollback(rollout_id="r-2")),
        ("rollback --rollout r-1", Rollback(endpoint="stt-prod", rollout_id="r-1")),
        ("help", Help()),
    ],
)
def test_thread_says_what_is_left_out_and_never_overrules_what_is_typed(typed, meant):
    assert parse(typed, THREAD) == meant


@pytest.mark.parametrize(
    ("typed", "problem", "nearest"),
    [
        ("promot a", "There is no command “promot”. /endpoint help lists all that there are.", ("/endpoint promote",)),
        ("xyzzy", "There is no command “xyzzy”. /endpoint help lists all that there are.", ()),
        (
            "help promot",
            "There is no command “promot”. /endpoint help lists all that there are.",
            ("/endpoint promote",),
        ),
        (
            "wave strat",
            "There is no command “wave strat”. /endpoint help lists all that there are.",
            ("/endpoint wave start", "/endpoint wave abort", "/endpoint wave reject"),
        ),
        ("promote", "ENDPOINT is missing.", ()),
        ("cancel", "ROLLOUT is missing.", ()),
        ("rollback", "Name the endpoint, or the rollout, that shall be rolled back.", ()),
        ("promote a --verison 4", "promote has no option “--verison”.", ("--version", "--reason")),
        ("promote a --xyzzy 30m", "promote has no option “--xyzzy”.", ()),
        ("promote a --version", "--version needs a value: --version N|latest.", ()),
        ("promote a --version --count 3", "--version needs a value: --version N|latest.", ()),
        ("promote a --version 1 --version 2", "--version is given twice.", ()),
        ("promote a --version x", "--version: “x” is no version: give a number such as 4, or the word latest.", ()),
        ("promote a --version 0", "--version: “0” is no version: give a number such as 4, or the word latest.", ()),
        ("promote a --count 1.5", "--count: “1.5” is no instance count: give a whole number, 1 or more.", ()),
        (
            "promote a --strategy blue",
            "--strategy: must be all-at-once, canary, linear, rolling or two-variant.",
            (),
        ),
        ("promote a --strategy linear --size 5%", "--size: must be from 10% to 50% for linear.", ()),
        ("promote a --strategy all-at-once --size 1", "--size: means nothing for all-at-once: leave it out.", ()),
        (
            "plan a --size half",
            "--size: “half” is no size: write a percentage such as 10%, or a number of instances.",
            (),
        ),
        ("promote a --bake 2h", "--bake: must be at most 1h, which is SageMaker's limit.", ()),
        (
            "promote a --bake 10",
            "--bake: “10” is no duration: give a whole number and a unit, such as 20s, 30m, 4h or 7d.",
            (),
        ),
        ("promote a --env A", "--env: takes KEY=VALUE, for example --env LOG_LEVEL=info.", ()),
        ("promote a --env A=1 --env A=2", "--env: A is set twice.", ()),
        ("promote a --env A=1 --unset A", "--unset: A is both set and unset: keep one of the two.", ()),
        ('promote a --reason ""', "--reason: is empty.", ()),
        ("promote a 4", "“4” is one word too many. Text with spaces goes in quotes.", ("--version 4",)),
        ("promote a --reason too slow", "“slow” is one word too many. Text with spaces goes in quotes.", ()),
        ("status a 4", "“4” is one word too many. Text with spaces goes in quotes.", ()),
        ("promote a --reason 'too slow", "A quote is opened and never closed: “'too slow”", ()),
        ('status "--x"', "status has no option “--x”.", ()),
    ],
)
def test_refusal_says_what_was_wrong_and_what_may_have_been_meant(typed, problem, nearest):
    refused = refusal(typed)
    assert (refused.problem, refused.nearest) == (problem, nearest)


def test_every_mistake_in_the_values_is_told_at_once():
    assert refusal("promote a --count 0 --instance-type g5 --env 1=x").problem.splitlines() == [
        "--instance-type: “g5” is no instance type: those look like ml.g5.2xlarge.",
        "--count: “0” is no instance count: give a whole number, 1 or more.",
        "--env: “1” cannot name an environment variable: letters, digits and underscores only, and no digit first.",
    ]


@pytest.mark.parametrize(
    "two", ["--version 3 --image x", f"--version 3 --package {PACKAGE}", f"--package {PACKAGE} --image x"]
)
def test_only_one_thing_can_be_named_to_run(two):
    assert "give only one of them" in refusal(f"promote a {two}").problem


def test_missing_argument_is_answered_with_usage_and_example():
    assert refusal("history a b").user_message.splitlines()[1:] == [
        "Usage: /endpoint history [ENDPOINT]",
        "Example: /endpoint history stt-prod",
    ]


@pytest.mark.parametrize("text", ["lock stt-prod", "freeze"])
def test_what_must_be_said_is_missed_and_stands_in_the_usage_without_brackets(text):
    refused = refusal(text)
    assert refused.problem == "--reason is missing."
    assert refused.usage is not None
    assert refused.usage.endswith("[--until TIME] --reason TEXT")


def test_environment_value_is_never_repeated():
    secret = "hunter2" * 200
    assert "hunter2" not in refusal(f"promote a --env A={secret}").user_message


def test_endless_text_is_refused_before_it_is_read():
    assert refusal("x" * 8_001).problem == "That is 8,001 characters long; a command may have 8,000."


def test_input_is_repeated_shortened_and_on_one_line():
    refused = refusal('"' + "x\n" * 100 + '"')
    assert re.search(r"“(x·){29}x…”", refused.problem)


def test_terminal_words_are_taken_as_the_shell_cut_them():
    argv = ["promote", "a", "--reason", "<https://x|y> &amp; “z”", "--env=A=b c"]
    assert parse_argv(argv) == Promote(endpoint="a", change=Change(env={"A": "b c"}), reason="<https://x|y> &amp; “z”")


def test_terminal_refusal_shows_the_terminal_prefix():
    with pytest.raises(UsageError) as caught:
        parse_argv(["statos"])
    assert caught.value.nearest == (f"{TERMINAL_PREFIX}status",)
    assert "/endpoint" not in caught.value.user_message


def test_terminal_bytes_that_are_no_text_are_refused():
    with pytest.raises(UsageError):
        parse_argv(["promote", "a", "--reason", "\udcff"])


def test_rendered_command_has_a_prefix_if_asked():
    assert render(Promote(endpoint="a", reason="x y"), "/endpoint ") == '/endpoint promote a --reason "x y"'


def test_value_that_looks_like_an_option_is_kept_with_its_option():
    assert render(Promote(endpoint="a", reason="--version")) == "promote a --reason=--version"


@pytest.mark.parametrize("name", list(GRAMMAR.commands))
def test_every_example_is_a_command(name):
    example = GRAMMAR.commands[name].epilog
    assert example
    assert parse(example).name == name


@pytest.mark.parametrize("name", list(GRAMMAR.commands))
def test_every_option_has_a_placeholder_and_help(name):
    for parameter in GRAMMAR.commands[name].params:
        if isinstance(parameter, click.Option):
            assert parameter.metavar or parameter.is_flag
            assert parameter.help


def test_help_lists_every_command_with_an_example():
    page = help_text()
    for entry, name in zip(page.entries, GRAMMAR.commands, strict=True):
        assert entry.term.startswith(name)
    assert all(entry.example and entry.example.startswith("/endpoint ") for entry in page.entries)


def test_help_about_one_command_reads_like_this():
    assert str(help_text("rollback", prefix=TERMINAL_PREFIX)).splitlines() == [
        "Go back to the config of before, or to a named one. Locks do not stop it.",
        "Usage: python -m bot rollback [ENDPOINT] [--to CONFIG] [--rollout ROLLOUT]",
        "  --to CONFIG: Endpoint config to go back to.",
        "  --rollout ROLLOUT: Undo this rollout.",
        "Example: python -m bot rollback stt-prod",
    ]


def test_help_about_the_first_word_of_some_commands_tells_of_them_all():
    page = help_text("ab")
    assert [entry.term for entry in page.entries] == [
        "ab start ENDPOINT …",
        "ab weight ENDPOINT …",
        "ab finish ENDPOINT …",
    ]
    assert page.entries[1].example == "/endpoint ab weight sentiment-prod --weight 50"
    assert str(page).splitlines()[:2] == ["ab has 3 commands.", "Usage: /endpoint ab start|weight|finish …"]
    assert page.example == "/endpoint help ab start"


def test_repeatable_option_is_told_as_such():
    page = help_text("plan")
    assert "[--unset KEY]…" in page.usage
    assert "May be given several times." in next(e.meaning for e in page.entries if e.term == "--unset KEY")


def test_overview_shows_examples_below_the_commands():
    assert "    /endpoint cancel rk8cb8j8" in str(help_text()).splitlines()


def test_later_command_with_a_flag_is_one_model_and_one_definition(monkeypatch):
    class Sync(Value):
        name: Literal["sync"] = "sync"
        endpoint: str | None = None
        everything: bool = False

    @click.command("sync", help="Sync.", epilog="sync --all")
    @click.argument("endpoint", required=False)
    @click.option("--all", "everything", is_flag=True, help="Every endpoint.")
    def sync(**fields):
        return Sync(**fields)

    monkeypatch.setitem(GRAMMAR.commands, "sync", sync)
    for command, written in (Sync(everything=True), "sync --all"), (Sync(endpoint="a"), "sync a"):
        assert render(command) == written
        assert parse(written) == command
    assert help_text("sync").usage == "/endpoint sync [ENDPOINT] [--all]"
    assert refusal("sync --all --all").problem == "--all is given twice."
