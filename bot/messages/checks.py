"""What preflight found: blockers and warnings in full, and what is as it should be in one line."""

from collections.abc import Sequence

from bot.domain.plan import Finding, Level
from bot.domain.preflight import CheckName
from bot.messages.blocks import escape, escape_except_mentions
from bot.messages.words import count

_MARKS = {Level.WARNING: "⚠", Level.BLOCKER: "✖"}
_IRREVERSIBLE_FIRST = (CheckName.CONVERSION, CheckName.WAY_BACK)
_TOLD_IN_FULL = frozenset({CheckName.AB_TEST})
"""Whoever approves more traffic for B wants to read how it does, also where that is no warning."""


def finding_lines(findings: Sequence[Finding]) -> str:
    """Blockers, then warnings, each with what to do about it; then how many checks passed, by their names."""
    blockers = [f for f in findings if f.level is Level.BLOCKER]
    warnings = sorted(
        (f for f in findings if f.level is Level.WARNING), key=lambda f: f.check not in _IRREVERSIBLE_FIRST
    )
    passed = [f for f in findings if f.level is Level.OK and f.check not in _TOLD_IN_FULL]
    lines = [_line(f) for f in (*blockers, *warnings)]
    lines += [f"✓ {escape(f.text)}" for f in findings if f.level is Level.OK and f.check in _TOLD_IN_FULL]
    if passed:
        names = ", ".join(escape(f.check.replace("_", " ")) for f in passed)
        lines.append(f"✓ {count(len(passed), 'check')} passed: {names}")
    return "\n".join(lines)


def _line(finding: Finding) -> str:
    # What a hold says of people is our own sentence; all other findings may quote AWS, where a mention is none of ours.
    safe = escape_except_mentions if finding.check == CheckName.HOLDS else escape
    line = f"{_MARKS[finding.level]} *{finding.level}*: {safe(finding.text)}"
    return f"{line}\n→ {safe(finding.next_step)}" if finding.next_step else line
