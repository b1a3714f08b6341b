/** `rich_text` blocks and what is inside table cells and task cards. */

import { fragment, h, link } from "../dom.js";
import { dateToken } from "./dates.js";
import { emoji } from "./emoji.js";
import { mention } from "./mrkdwn.js";

/** A rich_text block. */
export function richText(block, names) {
  return h(
    "div",
    { class: "rich-text" },
    (block.elements ?? []).map((element) => part(element, names)),
  );
}

function part(element, names) {
  switch (element.type) {
    case "rich_text_list":
      return list(element, names);
    case "rich_text_quote":
      return h("blockquote", {}, spans(element.elements, names));
    case "rich_text_preformatted":
      return h("pre", {}, h("code", {}, spans(element.elements, names)));
    default:
      return h("p", {}, spans(element.elements, names));
  }
}

function list(element, names) {
  const items = (element.elements ?? []).map((each) => h("li", {}, spans(each.elements, names)));
  const indent = `indent-${Math.min(element.indent ?? 0, 5)}`;
  return element.style === "ordered"
    ? h("ol", { class: indent, start: (element.offset ?? 0) + 1 }, items)
    : h("ul", { class: indent }, items);
}

function spans(elements, names) {
  return (elements ?? []).map((element) => styled(span(element, names), element.style ?? {}));
}

function span(element, names) {
  switch (element.type) {
    case "text":
      return fragment(element.text.split("\n").flatMap((line, index) => (index ? [h("br"), line] : [line])));
    case "link":
      return link(element.url, element.text || element.url);
    case "emoji":
      return emoji(element.name) ?? `:${element.name}:`;
    case "user":
      return mention(names.user(element.user_id)?.name ?? element.user_id, "@", names.isMe?.(element.user_id));
    case "channel":
      return mention(names.channel(element.channel_id)?.name ?? element.channel_id, "#");
    case "usergroup":
      return mention(names.usergroup(element.usergroup_id)?.handle ?? element.usergroup_id, "@");
    case "broadcast":
      return mention(element.range, "@");
    case "date":
      return dateToken(element.timestamp, element.format, element.fallback ?? "");
    case "color":
      return h("code", {}, element.value);
    default:
      return element.text ?? "";
  }
}

function styled(node, style) {
  const tags = { code: "code", bold: "strong", italic: "em", strike: "s", underline: "u" };
  return Object.keys(tags).reduce((inner, name) => (style[name] ? h(tags[name], {}, inner) : inner), node);
}
