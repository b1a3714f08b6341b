/** Boxes to tick: one of several, or several of many. */

import { h, uniqueId } from "../dom.js";
import { changed, keyOf, stateOf } from "./inputs.js";
import { textObject } from "./mrkdwn.js";

function boxes(choices, named, type, isChosen, pick, key) {
  const group = uniqueId("choice");
  const rows = choices.map((choice) =>
    h(
      "label",
      { class: "choice" },
      h("input", {
        type,
        name: group,
        checked: isChosen(choice),
        "data-key": `${key}/${choice.key}`,
        onchange: (event) => pick(choice, event.target),
      }),
      h("span", {}, choice.label, choice.description && h("small", {}, choice.description)),
    ),
  );
  const { "data-key": _, "aria-required": required, ...attributes } = named;
  return h(
    "div",
    {
      ...attributes,
      role: type === "radio" ? "radiogroup" : "group",
      "aria-required": type === "radio" ? required : null,
      class: "choices",
    },
    rows,
  );
}

/** `checkboxes`, `radio_buttons` and `multi_static_select`. */
export function choices(element, block, surface, named, type) {
  const options = element.options ?? (element.option_groups ?? []).flatMap((group) => group.options);
  const isRadio = type === "radio";
  const known = surface.state(block, element);
  const chosen = new Set(
    (isRadio
      ? [known?.selected_option ?? (known ? null : element.initial_option)]
      : (known?.selected_options ?? element.initial_options ?? [])
    )
      .filter(Boolean)
      .map((option) => option.value),
  );
  const pick = (choice, node) => {
    if (isRadio) chosen.clear();
    if (node.checked) chosen.add(choice.key);
    else chosen.delete(choice.key);
    const selected = options.filter((option) => chosen.has(option.value));
    changed(
      element,
      block,
      surface,
      isRadio ? stateOf(element, "selected_option", selected[0]) : stateOf(element, "selected_options", selected),
      node,
    );
  };
  const rows = options.map((option) => ({
    key: option.value,
    label: textObject(option.text, surface.names),
    description: option.description && textObject(option.description, surface.names),
  }));
  return boxes(rows, named, type, (choice) => chosen.has(choice.key), pick, keyOf(block, element));
}

/** Menus of several people or channels. */
export function idChoices(element, block, surface, named) {
  const noun = /^multi_(users|channels|conversations)_select$/.exec(element.type)[1];
  const chosen = new Set(
    (surface.state(block, element) ?? { [`selected_${noun}`]: element[`initial_${noun}`] })[`selected_${noun}`] ?? [],
  );
  const rows = surface[noun === "users" ? "people" : "channels"]().map((each) => ({ key: each.id, label: each.label }));
  const pick = (choice, node) => {
    if (node.checked) chosen.add(choice.key);
    else chosen.delete(choice.key);
    changed(element, block, surface, stateOf(element, `selected_${noun}`, [...chosen]), node);
  };
  return boxes(rows, named, "checkbox", (choice) => chosen.has(choice.key), pick, keyOf(block, element));
}
