/** Block Kit, block by block. Unknown types are named, not hidden: the stand-in should have refused them. */

import { fragment, h, link, safeUrl, uniqueId } from "../dom.js";
import { control, isGroup } from "./inputs.js";
import { markdown } from "./markdown.js";
import { mrkdwn, plainText, textObject } from "./mrkdwn.js";
import { richText } from "./richtext.js";
import { figures, table } from "./tables.js";
import { planBlock, taskCard } from "./tasks.js";

const RENDERERS = {
  section,
  actions: (block, surface) =>
    h(
      "div",
      { class: "actions" },
      (block.elements ?? []).map((element) => control(element, block, surface)),
    ),
  context_actions: (block, surface) =>
    h(
      "div",
      { class: "actions" },
      (block.elements ?? []).map((element) => control(element, block, surface)),
    ),
  context,
  header: (block, surface) => h("p", { class: "block-header" }, h("strong", {}, textObject(block.text, surface.names))),
  divider: () => h("hr"),
  image: imageBlock,
  input: inputBlock,
  rich_text: (block, surface) => richText(block, surface.names),
  markdown: (block, surface) => markdown(block.text, surface.names),
  table: (block, surface) => table(block, surface.names),
  data_table: (block, surface) => table(block, surface.names),
  data_visualization: (block) => figures(block),
  plan: (block, surface) => planBlock(block, surface.names),
  task_card: (block, surface) => taskCard(block, surface.names),
  alert: (block, surface) =>
    h("div", { class: `alert alert-${block.level ?? "default"}`, role: "note" }, textObject(block.text, surface.names)),
  card,
  carousel: (block, surface) =>
    h(
      "div",
      { class: "carousel" },
      (block.elements ?? []).map((each) => card(each, surface)),
    ),
  container,
  file: () => null,
  video: (block) => h("p", {}, link(block.title_url ?? block.video_url, plainText(block.title?.text ?? "Video"))),
};

/** All blocks of a message or view. */
export function blocks(list, surface) {
  return fragment((list ?? []).map((block) => oneBlock(block, surface)));
}

function oneBlock(block, surface) {
  const render = RENDERERS[block.type];
  if (!render) return h("p", { class: "hint" }, `This page cannot show a block of type “${block.type}”.`);
  const node = render(block, surface);
  return node && h("div", { class: `block block-${block.type}`, "data-block": block.block_id ?? "" }, node);
}

function section(block, surface) {
  const isPicture = block.accessory?.type === "image";
  const accessory =
    block.accessory &&
    (isPicture ? picture(block.accessory, surface, "thumbnail") : control(block.accessory, block, surface));
  return h(
    "div",
    { class: "section" },
    h(
      "div",
      { class: "section-text" },
      block.text && h("div", { class: "text" }, textObject(block.text, surface.names)),
      block.fields &&
        h(
          "div",
          { class: "fields" },
          block.fields.map((field) => h("div", { class: "text" }, textObject(field, surface.names))),
        ),
    ),
    accessory && h("div", { class: "accessory" }, accessory),
  );
}

function context(block, surface) {
  const parts = (block.elements ?? []).map((element) =>
    element.type === "image"
      ? picture(element, surface, "inline-picture")
      : h("span", { class: "text" }, textObject(element, surface.names)),
  );
  return h("div", { class: "context" }, parts);
}

function imageBlock(block, surface) {
  return h(
    "figure",
    {},
    block.title && h("figcaption", {}, plainText(block.title.text)),
    picture(block, surface, "picture"),
  );
}

/** An image with its alternative text; a click shows it large. */
function picture(image, surface, look) {
  const file = image.slack_file && surface.file(image.slack_file);
  const address = image.image_url ?? file?.url;
  const source = address && (address.startsWith("/files/") ? address : safeUrl(address));
  if (!source) return h("span", { class: "hint" }, `Picture not available: ${image.alt_text}`);
  const pixels = { width: image.image_width ?? file?.width, height: image.image_height ?? file?.height };
  const node = h("img", { src: source, alt: image.alt_text ?? "", class: look, ...(look === "picture" ? pixels : {}) });
  if (look !== "picture") return node;
  return h(
    "button",
    {
      type: "button",
      class: "enlarge",
      "aria-label": `Enlarge: ${image.alt_text}`,
      onclick: () => surface.enlarge(source, image.alt_text ?? "", image.title?.text),
    },
    node,
  );
}

/** A labelled input of a modal, with its hint and the place for its error. */
function inputBlock(block, surface) {
  const element = block.element ?? {};
  const ids = { id: uniqueId("input"), label: uniqueId("label"), hint: uniqueId("hint"), error: uniqueId("error") };
  const error = surface.errors?.[block.block_id];
  const described = [block.hint && ids.hint, error && ids.error].filter(Boolean).join(" ") || null;
  const label = [plainText(block.label?.text), block.optional ? h("span", { class: "optional" }, " (optional)") : null];
  const attributes = {
    id: ids.id,
    "aria-labelledby": ids.label,
    "aria-describedby": described,
    "aria-invalid": error ? "true" : null,
    "aria-required": block.optional ? null : "true",
  };
  return h(
    "div",
    { class: error ? "input-block invalid" : "input-block" },
    h(
      isGroup(element) ? "span" : "label",
      { id: ids.label, class: "label", for: isGroup(element) ? null : ids.id },
      label,
    ),
    control(element, block, surface, attributes) ??
      h("p", { class: "hint" }, `This page cannot show an input of type “${element.type}”.`),
    block.hint && h("p", { class: "hint", id: ids.hint }, plainText(block.hint.text)),
    error && h("p", { class: "field-error", id: ids.error }, error),
  );
}

function card(block, surface) {
  return h(
    "div",
    { class: "card" },
    block.hero_image && picture(block.hero_image, surface, "hero"),
    block.title && h("p", {}, h("strong", {}, textObject(block.title, surface.names))),
    block.subtitle && h("p", { class: "hint" }, textObject(block.subtitle, surface.names)),
    block.body && h("p", {}, textObject(block.body, surface.names)),
    block.actions &&
      h(
        "div",
        { class: "actions" },
        block.actions.map((element) => control(element, block, surface)),
      ),
  );
}

function container(block, surface) {
  const children = blocks(block.child_blocks, surface);
  const title = block.title && h("strong", {}, plainText(block.title.text ?? block.title));
  return block.is_collapsible
    ? h("details", { class: "container", open: !block.is_collapsed }, h("summary", {}, title ?? "Details"), children)
    : h("div", { class: "container" }, title, children);
}

/** The text of a message without blocks. */
export function messageText(text, names) {
  return h("div", { class: "text" }, mrkdwn(text, names));
}
