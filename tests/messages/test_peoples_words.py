"""What people write is shown letter by letter: it makes nothing bold, calls nobody, links nowhere, and harms no mark of ours."""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

from fakes.clock import NOW
from fakes.reading import mrkdwn_of
from fakes.records import ANNA, BEN, ENDPOINT, at
from fakes.waves import a_wave
from hypothesis import example, given, settings
from hypothesis import strategies as st
from test_every_message import slots_of
from test_hold_messages import a_hold
from test_lock_messages import a_lock, messages_about
from test_version_messages import approved
from test_wave_messages import LeftOut

from bot.domain.errors import UnknownName
from bot.domain.hold import HoldKind
from bot.domain.lock import in_words, refusal
from bot.domain.names import as_typed, literal, quoted
from bot.domain.phases import Phase
from bot.messages.answers import render_history, render_text
from bot.messages.blocks import Message, escape
from bot.messages.holding import render_held
from bot.messages.plain import plain_text
from bot.messages.versions import render_decision
from bot.messages.wave import wave_slots

MARKS = re.compile(r"(?<!\w)([*_~])(?=[^\s*_~])[^\n]*?(?<=\S)\1(?!\w)|(`)[^`\n]+`|(<)[^<>\n]+>")

WORDS = st.text("*_~`<>@#!|&“” a1.-U:/", min_size=1, max_size=30).filter(str.strip)


def messages_with(words: str) -> Iterator[Message]:
    yield from messages_about(a_lock(reason=words))
    for phase in (Phase.AWAITING_APPROVAL, Phase.REJECTED):
        rollout = at(phase, reason=words)
        yield from slots_of(rollout).values()
        yield render_history(None, [rollout])
    for hold in (a_hold(reason=words), a_hold(HoldKind.BY_PERSON, reason=words)):
        yield render_held(hold)
    yield render_text(refusal(a_lock(reason=words), NOW + timedelta(hours=1)).user_message)
    yield render_text(UnknownName("endpoint", words).user_message)
    yield render_text(f"{quoted(words)} is no time.")
    yield render_decision(approved(words))
    stopped = LeftOut(endpoint=ENDPOINT, why=f"stands under {in_words(a_lock(reason=words))}")
    wave = a_wave(reason=words, left_out=(stopped,), approvers_text=f"<@{BEN}> or <@{ANNA}>")
    yield from (slot.message for slot in wave_slots(wave))


def marks_of(message: Message) -> Counter[str]:
    """How often which mark has an effect in it, in the blocks and in the text of the notification."""
    found = MARKS.finditer("\n".join([*mrkdwn_of(message), message.text]))
    return Counter(mark[1] or mark[2] or mark[3] for mark in found)


@settings(deadline=None, max_examples=40)
@given(WORDS)
@example("month end *now*")
@example("_slow_ and ~wrong~")
@example("`rm -rf`, see <https://evil.example|this>")
@example("ask <@U0EVIL> in <#C0EVIL> or <!subteam^S0EVIL>")
@example("an *open mark, and one that closes* here")
def test_words_of_people_have_no_effect_in_any_message(words: str) -> None:
    harmless = re.sub(r"\S", "x", escape(words))  # as long as they are: what is long is shortened
    expected = [marks_of(message) for message in messages_with(harmless)]
    assert [marks_of(message) for message in messages_with(words)] == expected


def test_marks_within_a_word_stay_as_they_are() -> None:
    assert literal("stt_prod_v2 has 2*3 = 6, in a~b") == "stt_prod_v2 has 2*3 = 6, in a~b"


@given(WORDS)
def test_a_terminal_shows_what_was_typed(words: str) -> None:
    assert as_typed(literal(words)) == words
    assert plain_text(render_text(f"“{literal(words)}”").text) == f"“{words}”"
