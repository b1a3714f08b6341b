/**
 * Slack's mrkdwn as nodes. The rules are Slack's, not Markdown's: `*bold*`, `_italic_`, `~strike~`, marks only at the edge of
 * words, angle brackets for links, mentions and dates, and `&lt; &gt; &amp;` for the three characters that are special.
 */

import { fragment, h, link } from "../dom.js";
import { dateToken } from "./dates.js";
import { SHORTCODE, emoji } from "./emoji.js";

const ENTITIES = { "&lt;": "<", "&gt;": ">", "&amp;": "&" };
const MARKS = { "*": "strong", _: "em", "~": "s" };
const SENTENCE_START = /(?:^|[\n.!?·•])\s*$/;
const WORD = /[\p{L}\p{N}]/u;
const BARE_URL = /^https?:\/\/[^\s<>|]*[^\s<>|.,;:!?)\]'"]/;

/** The text with Slack's three entities turned back into characters. */
export function unescape(text) {
  return text.replace(/&(?:lt|gt|amp);/g, (entity) => ENTITIES[entity]);
}

/** The nodes of a mrkdwn text. `names` answers `user(id)`, `channel(id)` and `usergroup(id)` with an object or undefined. */
export function mrkdwn(text, names) {
  const parts = String(text ?? "").split(/```\n?([\s\S]+?)\n?```\n?/);
  return fragment(
    parts.map((part, index) =>
      index % 2 ? h("pre", {}, h("code", {}, plainTokens(part, names))) : lines(part, names),
    ),
  );
}

/** Plain text objects know no marks, only emoji. */
export function plainText(text, withEmoji = true) {
  const raw = unescape(String(text ?? ""));
  if (!withEmoji) return fragment(raw);
  const nodes = [];
  let rest = raw;
  for (let at = rest.indexOf(":"); at >= 0; at = rest.indexOf(":", at)) {
    const match = SHORTCODE.exec(rest.slice(at));
    const picture = match && emoji(match[1]);
    if (picture) {
      nodes.push(rest.slice(0, at), picture);
      rest = rest.slice(at + match[0].length);
      at = 0;
    } else at += 1;
  }
  return fragment(...nodes, rest);
}

/** A text object, or a bare string where newer blocks take one. */
export function textObject(text, names) {
  if (!text) return fragment();
  if (typeof text === "string") return plainText(text);
  return text.type === "mrkdwn" ? mrkdwn(text.text, names) : plainText(text.text, text.emoji !== false);
}

function lines(text, names) {
  const nodes = [];
  let quote = [];
  const flush = () => {
    if (quote.length) nodes.push(h("blockquote", {}, inline(quote.join("\n"), names)));
    quote = [];
  };
  let plain = [];
  const flushPlain = () => {
    if (plain.length) nodes.push(inline(plain.join("\n"), names));
    plain = [];
  };
  for (const line of text.split("\n")) {
    const quoted = /^(?:&gt;|>) ?(.*)$/.exec(line);
    if (quoted) {
      flushPlain();
      quote.push(quoted[1]);
    } else {
      flush();
      plain.push(line);
    }
  }
  flushPlain();
  flush();
  return nodes;
}

/** One run of text without blocks: marks, tokens, emoji, line breaks. */
function inline(text, names) {
  const nodes = [];
  let buffer = "";
  const put = (node) => {
    if (buffer) nodes.push(unescape(buffer));
    buffer = "";
    nodes.push(node);
  };
  for (let at = 0; at < text.length;) {
    const found = tokenAt(text, at, names);
    if (found) {
      put(found.node);
      at += found.length;
    } else {
      buffer += text[at];
      at += 1;
    }
  }
  if (buffer) nodes.push(unescape(buffer));
  return fragment(nodes);
}

/** What starts at this place, as a node with the length of its source; null for an ordinary character. */
function tokenAt(text, at, names) {
  const character = text[at];
  const rest = text.slice(at);
  if (character === "\n") return { node: h("br"), length: 1 };
  if (character === "`") {
    const code = /^`([^`\n]+)`/.exec(rest);
    return code && { node: h("code", {}, plainTokens(code[1], names)), length: code[0].length };
  }
  if (character === "<") {
    const token = /^<([^<>\n]+)>/.exec(rest);
    const node = token && angle(token[1], names, SENTENCE_START.test(text.slice(0, at)));
    return node && { node, length: token[0].length };
  }
  if (character === ":") {
    const code = SHORTCODE.exec(rest);
    const node = code && emoji(code[1]);
    return node && { node, length: code[0].length };
  }
  if (character === "h" && !WORD.test(text[at - 1] ?? "")) {
    const url = BARE_URL.exec(rest);
    return url && { node: link(unescape(url[0]), unescape(url[0])), length: url[0].length };
  }
  return MARKS[character] ? marked(text, at, names) : null;
}

function marked(text, at, names) {
  const mark = text[at];
  if (
    WORD.test(text[at - 1] ?? "") ||
    text[at - 1] === mark ||
    /\s|^$/.test(text[at + 1] ?? "") ||
    text[at + 1] === mark
  )
    return null;
  const end = closing(text, at + 1, mark);
  if (end < 0) return null;
  return { node: h(MARKS[mark], {}, inline(text.slice(at + 1, end), names)), length: end + 1 - at };
}

/** Where the mark opened before `from` closes on the same line, not looking into code and angle brackets; -1 if it does not. */
function closing(text, from, mark) {
  for (let at = from; at < text.length && text[at] !== "\n"; at += 1) {
    const skipped = /^(?:`[^`\n]+`|<[^<>\n]+>)/.exec(text.slice(at));
    if (skipped) at += skipped[0].length - 1;
    else if (text[at] === mark && !/\s/.test(text[at - 1]) && !WORD.test(text[at + 1] ?? "")) return at;
  }
  return -1;
}

/** `<…>`: a mention, a date or a link. Null for what is none of them, which then stays text. */
function angle(inner, names, isStart = false) {
  const bar = inner.indexOf("|");
  const body = bar < 0 ? inner : inner.slice(0, bar);
  const label = bar < 0 ? "" : inner.slice(bar + 1);
  if (body.startsWith("@"))
    return mention(
      names.user(body.slice(1))?.name ?? (unescape(label) || body.slice(1)),
      "@",
      names.isMe?.(body.slice(1)),
    );
  if (body.startsWith("#"))
    return mention(names.channel(body.slice(1))?.name ?? (unescape(label) || body.slice(1)), "#");
  if (body.startsWith("!")) return special(body.slice(1), unescape(label), names, isStart);
  if (!/^(?:https?:\/\/|mailto:|tel:)/i.test(body)) return null;
  return link(unescape(body), label ? inline(label, names) : unescape(body).replace(/^(?:mailto|tel):/, ""));
}

/** A highlighted name. */
export function mention(name, sign, isMe = false) {
  return h("span", { class: isMe ? "mention mention-me" : "mention" }, sign + name);
}

function special(body, label, names, isStart) {
  const [kind, ...rest] = body.split("^");
  if (kind === "date") {
    const [seconds, template, address] = rest;
    const shown = dateToken(Number(seconds), template ?? "", label, isStart);
    return address ? link(address, shown) : fragment(shown);
  }
  if (kind === "subteam") return mention(names.usergroup(rest[0])?.handle ?? (label.replace(/^@/, "") || rest[0]), "@");
  if (["here", "channel", "everyone"].includes(kind)) return mention(kind, "@");
  return fragment(label || `<!${body}>`);
}

/** Code shows everything as it is, but links and mentions by their label, as Slack does. */
function plainTokens(text, names) {
  return text
    .split(/(<[^<>\n]+>)/)
    .map((part, index) => (index % 2 ? (angle(part.slice(1, -1), names) ?? unescape(part)) : unescape(part)));
}
