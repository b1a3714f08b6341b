"""Text as people and Slack really write it, cut into words; and words written so that they are read back the same.

Phones turn `--` into a dash and straight quotes into curly ones; Slack wraps links and people in `<…>` and escapes `&`, `<`
and `>`; copied text brings no-break spaces, backticks and characters that nobody can see.
"""

import re

_DOUBLE = '"“”„‟'
_SINGLE = "'‘’‚‛"
_DASHES = "‐‑‒–—―−-"
_QUOTES = _DOUBLE + _SINGLE
_UNSEEN = "`\u00ad\u200b\u200c\u200d\u2060\ufeff"  # dropped outside quotes: code marks, and what has no width

_SAFE = re.compile(r"[A-Za-z0-9_@%+=:,./-]+", re.ASCII)
_LEADING_DASHES = re.compile(rf"\A[{_DASHES}]+(?=[A-Za-z])")
_ESCAPED = re.compile(rf"\\([\\{_DOUBLE}])")
_SLACK_REFERENCE = re.compile(r"<([^<>|]+)(?:\|([^<>]*))?>")
_LINK_SCHEME = re.compile(r"https?://|mailto:|tel:")


def _closer(quotes: str) -> re.Pattern[str]:
    """Finds, as group 1, a quote that ends a word; in double quotes it steps over what a backslash makes ordinary."""
    escaped = rf"\\[\\{_DOUBLE}]|" if quotes[0] in _DOUBLE else ""
    return re.compile(rf"{escaped}([{quotes}])(?=[\s{_UNSEEN}]|\Z)")


_CLOSERS: dict[str, tuple[re.Pattern[str], ...]] = {
    quote: (_closer(family),) for family in (_DOUBLE, _SINGLE) for quote in family
}
# A straight quote is closed by a straight one if there is any, so that curly ones may stand within.
_CLOSERS |= {straight: (_closer(straight), *_CLOSERS[straight]) for straight in "\"'"}


class UnclosedQuote(ValueError):
    """A quote is opened and never closed; `rest` is the text from the quote on."""

    def __init__(self, rest: str) -> None:
        super().__init__(rest)
        self.rest = rest


def split_words(text: str) -> list[str]:
    """Cut `text` into words, as a shell would, but kinder: curly quotes count, and an apostrophe within a word is a letter.

    A quote opens at the beginning of a word or behind `=`, and closes where a word can end. Within double quotes a
    backslash makes `"` and itself ordinary.

    Raises:
        UnclosedQuote: a quote is opened and never closed.
    """
    words = []
    position = 0
    while position < len(text):
        if text[position].isspace() or text[position] in _UNSEEN:
            position += 1
        else:
            word, position = _next_word(text, position)
            words.append(word)
    return words


def _next_word(text: str, position: int) -> tuple[str, int]:
    begins_quoted = text[position] in _QUOTES
    letters = ""
    while position < len(text) and not text[position].isspace():
        letter = text[position]
        if letter in _QUOTES and (not letters or letters.endswith("=")):
            end = _closing_quote(text, position)
            content = text[position + 1 : end]
            letters += _ESCAPED.sub(r"\1", content) if letter in _DOUBLE else content
            position = end + 1
            break
        if letter not in _UNSEEN:
            letters += letter
        position += 1
    if not begins_quoted:
        letters = _LEADING_DASHES.sub("--", letters)
    return _without_slack_markup(letters), position


def _closing_quote(text: str, opening: int) -> int:
    for closer in _CLOSERS[text[opening]]:
        for candidate in closer.finditer(text, opening + 1):
            if candidate[1]:
                return candidate.start()
    raise UnclosedQuote(text[opening:])


def _without_slack_markup(word: str) -> str:
    return _unescape(_SLACK_REFERENCE.sub(_what_was_typed, word))


def _unescape(word: str) -> str:
    return word.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _what_was_typed(reference: re.Match[str]) -> str:
    target, label = reference[1], reference[2]
    if target[0] in "@#!":
        return f"<{target}>"  # the id says it all; the label is only for display
    scheme = _LINK_SCHEME.match(target)
    if not scheme:
        return reference[0]
    return label if label and target == scheme[0] + label else target


def join_words(words: list[str]) -> str:
    """The inverse of `split_words`: one line that is cut into just these words again."""
    return " ".join(_written(word) for word in words)


def _written(word: str) -> str:
    if _without_slack_markup(word) != word:
        word = word.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    if _SAFE.fullmatch(word) and _LEADING_DASHES.sub("--", word) == word:
        return word
    escaped = word.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
