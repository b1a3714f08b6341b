/**
 * Everything that a person can press or fill in inside blocks; boxes to tick are in choices.js, the search menu is in combobox.js.
 *
 * Each renderer gets the element, the block that holds it, the surface (surface.js) and the attributes that tie the control to
 * its label. What is entered is kept on the surface as Slack's own state objects.
 */

import { h, safeUrl } from "../dom.js";
import { menuButton } from "../menu.js";
import { choices, idChoices } from "./choices.js";
import { combobox } from "./combobox.js";
import { plainText, textObject, unescape } from "./mrkdwn.js";

const TEXT_INPUTS = {
  plain_text_input: "text",
  email_text_input: "email",
  url_text_input: "url",
  number_input: "number",
  rich_text_input: "text",
};
const PICKERS = {
  datepicker: ["date", "selected_date", "initial_date"],
  timepicker: ["time", "selected_time", "initial_time"],
  datetimepicker: ["datetime-local", "selected_date_time", "initial_date_time"],
};
const ID_SELECTS = {
  users_select: ["selected_user", "initial_user", "people"],
  conversations_select: ["selected_conversation", "initial_conversation", "channels"],
  channels_select: ["selected_channel", "initial_channel", "channels"],
};

/** The control for one element; null for a type that this page does not know. */
export function control(element, block, surface, attributes = {}) {
  const kind = element.type;
  if (kind === "button" || kind === "workflow_button" || kind === "icon_button") return button(element, block, surface);
  if (kind === "feedback_buttons")
    return [element.positive_button, element.negative_button].map(
      (each) => each && feedback(each, element, block, surface),
    );
  if (kind === "overflow") return overflow(element, block, surface);
  const named = {
    "aria-label": attributes["aria-labelledby"] ? null : nameOf(element),
    ...attributes,
    "data-key": keyOf(block, element),
    "data-focus": element.focus_on_load || null,
  };
  if (kind === "external_select" || kind === "multi_external_select") return combobox(element, block, surface, named);
  if (kind === "static_select") return staticSelect(element, block, surface, named);
  if (kind in ID_SELECTS) return idSelect(element, block, surface, named);
  if (kind in TEXT_INPUTS) return textInput(element, block, surface, named);
  if (kind in PICKERS) return picker(element, block, surface, named);
  if (kind === "checkboxes" || kind === "multi_static_select")
    return choices(element, block, surface, named, "checkbox");
  if (kind === "radio_buttons") return choices(element, block, surface, named, "radio");
  if (/^multi_(users|channels|conversations)_select$/.test(kind)) return idChoices(element, block, surface, named);
  return null;
}

/** True for controls of several boxes, which are named by a legend and not by a label. */
export function isGroup(element) {
  return /^(checkboxes|radio_buttons|multi_(static|users|channels|conversations)_select)$/.test(element.type);
}

/** Tells an element from the others of its message or view; where the focus returns to after an edit. */
export function keyOf(block, element, value = "") {
  return `${block.block_id}/${element.action_id}${value ? `/${value}` : ""}`;
}

/** Slack's state object for a text, an id or a date. */
export function stateOf(element, key, value) {
  return { type: element.type, [key]: value };
}

/** Keeps what was entered and, where Slack would, tells the app at once. */
export async function changed(element, block, surface, state, node) {
  const before = surface.state(block, element);
  surface.setState(block, element, state);
  if (block.type === "input" && !block.dispatch_action) return;
  const sent = await surface.act(block, element, state, node);
  if (!sent) surface.setState(block, element, before);
  if (!sent && node.tagName === "SELECT") node.value = node.dataset.before ?? "";
}

function nameOf(element) {
  return element.accessibility_label || unescape(element.placeholder?.text ?? "") || "Choose";
}

function button(element, block, surface) {
  const props = {
    class: `button${element.style ? ` button-${element.style}` : ""}`,
    "aria-label": element.accessibility_label ?? (element.type === "icon_button" ? element.text?.text : null),
    "data-key": keyOf(block, element, element.value),
    onclick: (event) => surface.act(block, element, undefined, event.currentTarget),
  };
  const label = h("span", { class: "button-label" }, element.text ? textObject(element.text, surface.names) : "");
  const href = element.url && safeUrl(element.url);
  return href
    ? h("a", { ...props, href, target: "_blank", rel: "noopener noreferrer" }, label)
    : h("button", { ...props, type: "button" }, label);
}

function feedback(each, element, block, surface) {
  const onclick = (event) => surface.act(block, element, { value: each.value }, event.currentTarget);
  return h(
    "button",
    { type: "button", class: "button", "data-key": keyOf(block, element, each.value), onclick },
    plainText(each.text?.text),
  );
}

function overflow(element, block, surface) {
  const items = (element.options ?? []).map((option) => ({
    content: textObject(option.text, surface.names),
    description: option.description && textObject(option.description, surface.names),
    href: option.url ? safeUrl(option.url) : undefined,
    onselect: () => surface.act(block, element, { type: "overflow", selected_option: option }, holder.firstChild),
  }));
  const holder = menuButton(element.accessibility_label ?? "More actions", items, {
    "data-key": keyOf(block, element),
  });
  return holder;
}

function optionNode(option, index) {
  const description = option.description ? ` — ${unescape(option.description.text)}` : "";
  return h("option", { value: String(index) }, unescape(option.text.text) + description);
}

function select(nodes, element, named, chosen, pick) {
  const none = h("option", { value: "" }, unescape(element.placeholder?.text ?? "Choose…"));
  const node = h("select", { ...named, class: "field", onchange: () => pick(node.value) }, none, nodes);
  node.value = chosen;
  node.dataset.before = chosen;
  return node;
}

function staticSelect(element, block, surface, named) {
  const options = element.options ?? (element.option_groups ?? []).flatMap((group) => group.options);
  const chosen = (surface.state(block, element) ?? { selected_option: element.initial_option }).selected_option;
  let index = 0;
  const nodes = element.options
    ? options.map(optionNode)
    : (element.option_groups ?? []).map((group) =>
        h(
          "optgroup",
          { label: unescape(group.label.text) },
          group.options.map((option) => optionNode(option, index++)),
        ),
      );
  const at = options.findIndex((option) => option.value === chosen?.value);
  const node = select(nodes, element, named, at < 0 ? "" : String(at), (value) => {
    const option = value === "" ? null : options[Number(value)];
    if (option || block.type === "input")
      changed(element, block, surface, stateOf(element, "selected_option", option), node);
  });
  return node;
}

function idSelect(element, block, surface, named) {
  const [key, initial, source] = ID_SELECTS[element.type];
  const chosen = (surface.state(block, element) ?? { [key]: element[initial] })[key] ?? "";
  const nodes = surface[source]().map((each) => h("option", { value: each.id }, each.label));
  const node = select(nodes, element, named, chosen, (value) =>
    changed(element, block, surface, stateOf(element, key, value || null), node),
  );
  return node;
}

function textInput(element, block, surface, named) {
  const known = surface.state(block, element)?.value ?? element.initial_value ?? "";
  const isLong = element.multiline || element.type === "rich_text_input";
  const keep = (node) => surface.setState(block, element, stateOf(element, "value", node.value || null));
  const on = element.dispatch_action_config?.trigger_actions_on ?? ["on_enter_pressed"];
  const send = (node) =>
    block.dispatch_action && changed(element, block, surface, stateOf(element, "value", node.value || null), node);
  return h(isLong ? "textarea" : "input", {
    ...named,
    class: "field",
    rows: isLong ? 4 : null,
    autocomplete: "off",
    step: element.is_decimal_allowed ? "any" : null,
    type: isLong ? null : TEXT_INPUTS[element.type],
    min: element.min_value,
    max: element.max_value,
    minlength: element.min_length,
    maxlength: element.max_length,
    placeholder: unescape(element.placeholder?.text ?? ""),
    value: typeof known === "string" ? known : "",
    oninput: (event) => {
      keep(event.target);
      if (on.includes("on_character_entered")) send(event.target);
    },
    onkeydown: (event) => {
      if (event.key !== "Enter" || isLong || !block.dispatch_action || !on.includes("on_enter_pressed")) return;
      event.preventDefault();
      send(event.target);
    },
  });
}

function picker(element, block, surface, named) {
  const [type, key, initial] = PICKERS[element.type];
  const known = (surface.state(block, element) ?? { [key]: element[initial] })[key];
  const isInstant = element.type === "datetimepicker";
  return h("input", {
    ...named,
    type,
    class: "field",
    value: (isInstant ? localInstant(known) : known) ?? "",
    onchange: ({ target }) => {
      const entered =
        isInstant && target.value ? Math.floor(new Date(target.value).getTime() / 1000) : target.value || null;
      changed(element, block, surface, stateOf(element, key, entered), target);
    },
  });
}

/** Seconds since 1970 in the form that a datetime-local input takes. */
function localInstant(seconds) {
  if (!seconds) return "";
  const date = new Date(seconds * 1000);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60000).toISOString().slice(0, 16);
}
