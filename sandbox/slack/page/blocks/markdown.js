/** The `markdown` block: ordinary Markdown, as far as Slack renders it. */

import { fragment, h, link } from "../dom.js";
import { SHORTCODE, emoji } from "./emoji.js";
import { mrkdwn } from "./mrkdwn.js";

const ITEM = /^(\s*)(?:[-*+]|(\d+)[.)])\s+(?:\[([ xX])\]\s+)?(.*)$/;
const FENCE = /^```/;
const TABLE_RULE = /^\s*\|?(?:\s*:?-{3,}:?\s*\|)*\s*:?-{3,}:?\s*\|?\s*$/;

/** The nodes of a Markdown text. */
export function markdown(text, names) {
  const rows = String(text ?? "").split("\n");
  const nodes = [];
  for (let at = 0; at < rows.length;) {
    const [node, taken] = blockAt(rows, at, names);
    if (node) nodes.push(node);
    at += taken;
  }
  return h("div", { class: "markdown" }, nodes);
}

/** The block that starts in this row and how many rows it takes. */
function blockAt(rows, at, names) {
  const row = rows[at];
  if (!row.trim()) return [null, 1];
  if (FENCE.test(row)) {
    const body = takeWhile(rows, at + 1, (each) => !FENCE.test(each));
    return [h("pre", {}, h("code", {}, body.join("\n"))), body.length + 2];
  }
  const heading = /^#{1,6}\s+(.*)$/.exec(row);
  // Slack draws all of them alike; one level below the conversation's own heading keeps the outline of the page whole.
  if (heading) return [h("h3", {}, spans(heading[1], names)), 1];
  if (/^\s*(?:---+|\*\*\*+)\s*$/.test(row)) return [h("hr"), 1];
  if (row.includes("|") && TABLE_RULE.test(rows[at + 1] ?? "")) return table(rows, at, names);
  if (/^>/.test(row)) {
    const body = takeWhile(rows, at, (each) => /^>/.test(each));
    return [
      h(
        "blockquote",
        {},
        paragraph(
          body.map((each) => each.replace(/^> ?/, "")),
          names,
        ),
      ),
      body.length,
    ];
  }
  if (ITEM.test(row)) {
    const body = takeWhile(rows, at, (each) => ITEM.test(each));
    return [list(body, names), body.length];
  }
  const body = takeWhile(
    rows,
    at,
    (each, index) =>
      each.trim() && (index === at || !(ITEM.test(each) || FENCE.test(each) || /^(?:#{1,6}\s|>)/.test(each))),
  );
  return [h("p", {}, paragraph(body, names)), body.length];
}

function takeWhile(rows, from, matches) {
  let end = from;
  while (end < rows.length && matches(rows[end], end)) end += 1;
  return rows.slice(from, end);
}

function paragraph(rows, names) {
  return rows.flatMap((row, index) => (index ? [h("br"), spans(row, names)] : [spans(row, names)]));
}

function list(rows, names) {
  const items = rows.map((row) => {
    const [, indent, , box, text] = ITEM.exec(row);
    const mark = box === undefined ? "" : box === " " ? "☐ " : "☑ ";
    return h("li", { class: `indent-${Math.min(Math.floor(indent.length / 2), 5)}` }, mark, spans(text, names));
  });
  const first = ITEM.exec(rows[0])[2];
  return first ? h("ol", { start: first }, items) : h("ul", {}, items);
}

function table(rows, at, names) {
  const cells = (row) =>
    row
      .trim()
      .replace(/^\||\|$/g, "")
      .split("|")
      .map((cell) => spans(cell.trim(), names));
  const body = takeWhile(rows, at + 2, (each) => each.includes("|"));
  const node = h(
    "table",
    {},
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        cells(rows[at]).map((cell) => h("th", { scope: "col" }, cell)),
      ),
    ),
    h(
      "tbody",
      {},
      body.map((row) =>
        h(
          "tr",
          {},
          cells(row).map((cell) => h("td", {}, cell)),
        ),
      ),
    ),
  );
  return [
    h("div", { class: "table-scroll", tabindex: "0", role: "region", "aria-label": "Table" }, node),
    body.length + 2,
  ];
}

const SPANS = [
  [/^`([^`]+)`/, (match) => h("code", {}, match[1])],
  [/^\[([^\]]+)\]\(([^()\s]+)\)/, (match, names) => link(match[2], spans(match[1], names))],
  [/^(?:\*\*|__)(\S(?:.*?\S)?)(?:\*\*|__)/, (match, names) => h("strong", {}, spans(match[1], names))],
  [/^~~(\S(?:.*?\S)?)~~/, (match, names) => h("s", {}, spans(match[1], names))],
  [/^[*_](\S(?:.*?\S)?)[*_](?![\p{L}\p{N}])/u, (match, names) => h("em", {}, spans(match[1], names))],
  [/^<[@#!][^<>]+>/, (match, names) => mrkdwn(match[0], names)],
  [/^https?:\/\/[^\s<>|]*[^\s<>|.,;:!?)]/, (match) => link(match[0], match[0])],
  [SHORTCODE, (match) => emoji(match[1])],
];

function spans(text, names) {
  const nodes = [];
  let buffer = "";
  for (let at = 0; at < text.length;) {
    const startsWord = !/[\p{L}\p{N}]/u.test(text[at - 1] ?? "");
    const found = startsWord && firstSpan(text.slice(at), names);
    if (found) {
      nodes.push(buffer, found.node);
      buffer = "";
      at += found.length;
    } else {
      buffer += text[at];
      at += 1;
    }
  }
  return fragment(...nodes, buffer);
}

function firstSpan(rest, names) {
  for (const [pattern, build] of SPANS) {
    const match = pattern.exec(rest);
    const node = match && build(match, names);
    if (node) return { node, length: match[0].length };
  }
  return null;
}
