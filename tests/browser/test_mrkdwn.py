"""Slack's mrkdwn, case by case, as the page's own module draws it."""

from __future__ import annotations

import time

import pytest

from browser.conftest import Visit

AS_HTML = """async ([text, module, name]) => {
    const { [name]: draw } = await import(`/page/blocks/${module}.js`);
    const names = {user: (id) => ({U0BEN: {name: 'ben'}})[id], channel: () => undefined, usergroup: (id) => ({handle: 'ml-ops'})};
    const holder = document.createElement('div');
    holder.append(draw(text, names));
    for (const node of holder.querySelectorAll('*'))
        for (const attribute of node.getAttributeNames()) if (attribute !== 'href') node.removeAttribute(attribute);
    return holder.innerHTML;
}"""

MRKDWN = [
    ("*bold* and *more*", "<strong>bold</strong> and <strong>more</strong>"),
    ("_slanted_, ~gone~.", "<em>slanted</em>, <s>gone</s>."),
    ("*bold _and slanted_*", "<strong>bold <em>and slanted</em></strong>"),
    ("snake_case_name 2*3*4", "snake_case_name 2*3*4"),
    ("* not bold * and ** neither **", "* not bold * and ** neither **"),
    ("*not\nbold*", "*not<br>bold*"),
    ("~9 min, then ~8 min", "~9 min, then ~8 min"),
    ("`*code*` *`both`*", "<code>*code*</code> <strong><code>both</code></strong>"),
    ("```a\n *b*```after", "<pre><code>a\n *b*</code></pre>after"),
    ("> quoted\n&gt; more\nplain", "<blockquote>quoted<br>more</blockquote>plain"),
    ("a &lt;b&gt; &amp;lt; c", "a &lt;b&gt; &amp;lt; c"),
    ("<img src=x onerror=alert(1)>", "&lt;img src=x onerror=alert(1)&gt;"),
    (
        "<https://a.example/x?y=1&amp;z=2|the *link*>",
        '<a href="https://a.example/x?y=1&amp;z=2">the <strong>link</strong></a>',
    ),
    ("see https://a.example/x_y_z.", 'see <a href="https://a.example/x_y_z">https://a.example/x_y_z</a>.'),
    ("<javascript:alert(1)|click>", "&lt;javascript:alert(1)|click&gt;"),
    (
        "<@U0BEN> <@U0GONE|old> <!subteam^S0MLOPS> <!here>",
        "<span>@ben</span> <span>@old</span> <span>@ml-ops</span> <span>@here</span>",
    ),
    ("<#C0RANDOM|random>", "<span>#random</span>"),
    ("<!date^0^{nonsense}|fallback>", "<time>{nonsense}</time>"),
    ("<!date^soon^{time}|fallback>", "fallback"),
    (":thumbsup: :no_such_thing: 10:30:00", "<span>👍</span> :no_such_thing: 10:30:00"),
]
MARKDOWN = [
    (
        "**bold** *slanted* ~~gone~~ `code`",
        "<div><p><strong>bold</strong> <em>slanted</em> <s>gone</s> <code>code</code></p></div>",
    ),
    ("# Title\ntext", "<div><h3>Title</h3><p>text</p></div>"),
    ("- one\n- [x] two", "<div><ul><li>one</li><li>☑ two</li></ul></div>"),
    ("[x](javascript:alert) <b>", "<div><p><span>x</span> &lt;b&gt;</p></div>"),
    ("```py\n# no title\n```", "<div><pre><code># no title</code></pre></div>"),
]


def test_mrkdwn_is_drawn_by_slacks_rules(visit: Visit) -> None:
    page = visit("anna")
    drawn = {text: page.evaluate(AS_HTML, [text, "mrkdwn", "mrkdwn"]) for text, _ in MRKDWN}
    assert drawn == dict(MRKDWN)


def test_markdown_blocks_are_drawn(visit: Visit) -> None:
    page = visit("anna")
    drawn = {text: page.evaluate(AS_HTML, [text, "markdown", "markdown"]) for text, _ in MARKDOWN}
    assert drawn == dict(MARKDOWN)


def test_today_is_written_as_its_place_in_the_sentence_wants(visit: Visit) -> None:
    now = f"<!date^{int(time.time())}^{{date_pretty}}|now>"
    drawn = visit("anna").evaluate(AS_HTML, [f"{now}. It lapses {now}. {now}", "mrkdwn", "mrkdwn"])
    assert drawn == "<time>Today</time>. It lapses <time>today</time>. <time>Today</time>"


@pytest.mark.parametrize("template", ["{date_short_pretty} at {time}", "{date_num}", "{ago}"])
def test_dates_are_shown_in_the_readers_own_words(visit: Visit, template: str) -> None:
    drawn = visit("anna").evaluate(AS_HTML, [f"<!date^1790000000^{template}|fallback>", "mrkdwn", "mrkdwn"])
    assert drawn.startswith("<time>")
    assert "{" not in drawn
    assert "fallback" not in drawn
