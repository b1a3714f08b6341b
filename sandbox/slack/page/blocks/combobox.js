/** The search menu of `external_select`: the app is asked for options while a person types. */

import { h, plural, uniqueId } from "../dom.js";
import { changed, stateOf } from "./inputs.js";
import { unescape } from "./mrkdwn.js";

const TYPING_PAUSE_MS = 200;
const DEFAULT_MIN_QUERY_LENGTH = 3;

/** A text field with a list of suggestions (the ARIA combobox pattern); several choices become removable chips. */
export function combobox(element, block, surface, named) {
  return new Combobox(element, block, surface, named).node;
}

class Combobox {
  constructor(element, block, surface, named) {
    Object.assign(this, { element, block, surface });
    this.isMulti = element.type.startsWith("multi_");
    const known = surface.state(block, element);
    this.chosen = this.isMulti
      ? (known?.selected_options ?? element.initial_options ?? [])
      : [known ? known.selected_option : element.initial_option].filter(Boolean);
    this.options = [];
    this.active = -1;
    this.list = h("ul", {
      id: uniqueId("options"),
      role: "listbox",
      class: "options",
      "aria-label": "Suggestions",
      hidden: true,
    });
    this.status = h("span", { class: "hint", role: "status" });
    this.chips = h("span", { class: "chips" });
    this.input = h("input", {
      ...named,
      type: "text",
      class: "field",
      role: "combobox",
      autocomplete: "off",
      "aria-autocomplete": "list",
      "aria-expanded": "false",
      "aria-controls": this.list.id,
      placeholder: unescape(element.placeholder?.text ?? "Type to search…"),
      value: this.isMulti ? "" : unescape(this.chosen[0]?.text.text ?? ""),
      oninput: () => this.#typed(),
      onfocus: () => this.#typed(true),
      onblur: () => this.#left(),
      onkeydown: (event) => this.#key(event),
    });
    this.node = h("div", { class: "combobox" }, this.chips, this.input, this.list, this.status);
    this.#drawChips();
  }

  #typed(isFirstLook = false) {
    clearTimeout(this.timer);
    const query = isFirstLook && !this.isMulti ? "" : this.input.value.trim();
    const least = this.element.min_query_length ?? DEFAULT_MIN_QUERY_LENGTH;
    if (query.length < least) {
      this.#close();
      this.status.textContent = isFirstLook || !query ? "" : `Type at least ${plural(least, "character")}.`;
      return;
    }
    this.timer = setTimeout(() => this.#ask(query), TYPING_PAUSE_MS);
  }

  async #ask(query) {
    this.status.textContent = "Searching…";
    const answer = await this.surface.suggest(this.block, this.element, query);
    if (document.activeElement !== this.input) return;
    const groups = answer.option_groups?.length ? answer.option_groups : [{ options: answer.options ?? [] }];
    this.options = groups.flatMap((group) => group.options);
    let index = 0;
    this.list.replaceChildren(
      ...groups
        .flatMap((group) => [
          group.label && h("li", { role: "presentation", class: "option-group" }, unescape(group.label.text)),
          ...group.options.map((option) => this.#optionNode(option, index++)),
        ])
        .filter(Boolean),
    );
    this.#activate(-1);
    this.list.hidden = !this.options.length;
    this.input.setAttribute("aria-expanded", String(!this.list.hidden));
    this.status.textContent = this.options.length ? plural(this.options.length, "result") : "No results.";
  }

  #optionNode(option, index) {
    return h(
      "li",
      {
        id: `${this.list.id}-${index}`,
        role: "option",
        "aria-selected": "false",
        // Not `click`: the blur before it would close the list.
        onpointerdown: (event) => {
          event.preventDefault();
          this.#choose(option);
        },
      },
      unescape(option.text.text),
      option.description && h("small", {}, unescape(option.description.text)),
    );
  }

  #key(event) {
    if (event.key === "Backspace" && this.isMulti && !this.input.value && this.chosen.length)
      return this.#remove(this.chosen.at(-1));
    if (this.list.hidden) return undefined;
    const last = this.options.length - 1;
    const next = { ArrowDown: Math.min(this.active + 1, last), ArrowUp: Math.max(this.active - 1, 0) }[event.key];
    if (next !== undefined) this.#activate(next);
    else if (event.key === "Enter" && this.active >= 0) this.#choose(this.options[this.active]);
    else if (event.key === "Escape") this.#close();
    else return undefined;
    event.preventDefault();
    event.stopPropagation();
    return undefined;
  }

  #activate(index) {
    this.active = index;
    const nodes = [...this.list.querySelectorAll("[role=option]")];
    nodes.forEach((node, at) => node.setAttribute("aria-selected", String(at === index)));
    nodes[index]?.scrollIntoView({ block: "nearest" });
    if (index >= 0) this.input.setAttribute("aria-activedescendant", nodes[index].id);
    else this.input.removeAttribute("aria-activedescendant");
  }

  #choose(option) {
    this.chosen = this.isMulti ? [...this.chosen.filter((each) => each.value !== option.value), option] : [option];
    this.input.value = this.isMulti ? "" : unescape(option.text.text);
    this.#close();
    this.#tell();
  }

  #remove(option) {
    this.chosen = this.chosen.filter((each) => each.value !== option.value);
    this.#tell();
    this.input.focus();
  }

  #tell() {
    this.#drawChips();
    this.status.textContent = "";
    const state = this.isMulti
      ? stateOf(this.element, "selected_options", this.chosen)
      : stateOf(this.element, "selected_option", this.chosen[0] ?? null);
    changed(this.element, this.block, this.surface, state, this.input);
  }

  #drawChips() {
    if (!this.isMulti) return;
    this.chips.replaceChildren(
      ...this.chosen.map((option) =>
        h(
          "button",
          {
            type: "button",
            class: "chip",
            "aria-label": `Remove ${unescape(option.text.text)}`,
            onclick: () => this.#remove(option),
          },
          unescape(option.text.text),
          " ×",
        ),
      ),
    );
  }

  /** Text that is no choice does not stay: what is shown is what would be sent. */
  #left() {
    clearTimeout(this.timer);
    this.#close();
    this.status.textContent = "";
    if (this.isMulti) return;
    if (!this.input.value && this.chosen.length) {
      this.chosen = [];
      this.#tell();
    }
    this.input.value = unescape(this.chosen[0]?.text.text ?? "");
  }

  #close() {
    this.list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
    this.#activate(-1);
  }
}
