/** Where people type: messages, mentions and slash commands, with hints for all of them. */

import { Refused } from "./api.js";
import { h, icon, uniqueId } from "./dom.js";
import { menuButton } from "./menu.js";

const MOST_SUGGESTIONS = 6;

export class Composer {
  /**
   * @param {object} desk see surface.js
   * @param {{text: string, what: string}[]} examples offered behind the “/” button
   */
  constructor(desk, examples) {
    Object.assign(this, { desk, drafts: new Map(), place: null });
    this.input = h("textarea", {
      rows: 1,
      class: "composer-input",
      "aria-describedby": uniqueId("keys"),
      oninput: () => this.#typed(),
      onkeydown: (event) => this.#key(event),
    });
    this.suggestions = h("div", {
      class: "suggestions",
      role: "group",
      "aria-label": "Suggestions",
      hidden: true,
      onkeydown: (event) => this.#walk(event),
    });
    this.send = h(
      "button",
      { type: "submit", class: "button button-primary button-icon", "aria-label": "Send", title: "Send" },
      icon("send"),
    );
    const items = examples.map((example) => ({
      content: h("code", {}, example.text),
      description: example.what,
      onselect: () => this.fill(example.text),
    }));
    this.node = h(
      "form",
      { class: "composer", onsubmit: (event) => this.#submit(event) },
      this.suggestions,
      h("div", { class: "composer-box" }, menuButton("Examples", items, {}, "slash"), this.input, this.send),
      h(
        "p",
        { class: "visually-hidden", id: this.input.getAttribute("aria-describedby") },
        "Enter sends, Shift and Enter starts a new line.",
      ),
    );
  }

  /**
   * Points the composer at a conversation; what was typed elsewhere waits there.
   *
   * @param {{channel: string, thread_ts?: string}} where
   * @param {string} label such as “Message #ml-deploys”
   */
  show(where, label) {
    const key = JSON.stringify([this.desk.person.user, where]);
    this.input.placeholder = label;
    this.input.setAttribute("aria-label", label);
    if (key === this.place) return;
    if (this.place) this.drafts.set(this.place, this.input.value);
    Object.assign(this, { place: key, where });
    this.input.value = this.drafts.get(key) ?? "";
    this.#grow();
    this.#suggest([]);
  }

  /** Puts text in, ready to be sent or changed. */
  fill(text) {
    this.input.value = text;
    this.input.focus();
    this.input.setSelectionRange(text.length, text.length);
    this.#grow();
    this.#suggest([]);
  }

  #typed() {
    this.#grow();
    this.#suggest(this.#matches());
  }

  #grow() {
    this.input.style.height = "auto";
    const needed = this.input.scrollHeight; // 0 while hidden
    if (needed) this.input.style.height = `${needed}px`;
  }

  /** What could be meant by the word before the caret. */
  #matches() {
    const before = this.input.value.slice(0, this.input.selectionStart);
    const { app, users, usergroups } = this.desk.workspace;
    if (/^\/\S*$/.test(before)) {
      return app.commands
        .filter(({ command }) => command.startsWith(before) && command !== before)
        .map(({ command, description, usage_hint: hint }) => ({
          text: command,
          note: [hint, description].filter(Boolean).join(" — "),
          typed: before,
        }));
    }
    const name = /(?:^|\s)(@[\w-]*)$/.exec(before)?.[1];
    if (!name) return [];
    const everyone = [...users.values()].map((user) => ({ text: `@${user.name}`, note: user.title }));
    const groups = [...usergroups.values()].map((group) => ({ text: `@${group.handle}`, note: group.name }));
    return [...everyone, ...groups]
      .filter(({ text }) => text.startsWith(name) && text !== name)
      .map((each) => ({ ...each, typed: name }));
  }

  #suggest(matches) {
    this.suggestions.hidden = !matches.length;
    this.suggestions.replaceChildren(
      ...matches
        .slice(0, MOST_SUGGESTIONS)
        .map(({ text, note, typed }) =>
          h(
            "button",
            { type: "button", onclick: () => this.#complete(text, typed) },
            h("strong", {}, text),
            " ",
            h("span", { class: "subtle" }, note),
          ),
        ),
    );
  }

  #complete(text, typed) {
    const caret = this.input.selectionStart;
    const { value } = this.input;
    const start = value.slice(0, caret - typed.length) + text + " ";
    this.fill(start + value.slice(caret).trimStart());
    this.input.setSelectionRange(start.length, start.length);
  }

  #key(event) {
    if (event.isComposing) return;
    const first = this.suggestions.querySelector("button");
    if (event.key === "Enter" && !event.shiftKey) this.#submit(event);
    else if (!first || this.suggestions.hidden) return;
    else if (event.key === "Tab" && !event.shiftKey) {
      event.preventDefault();
      first.click();
    } else if (event.key === "ArrowUp") {
      event.preventDefault();
      this.suggestions.lastElementChild.focus();
    } else if (event.key === "Escape") {
      event.stopPropagation();
      this.#suggest([]);
    }
  }

  #walk(event) {
    const { activeElement } = document;
    const next = {
      ArrowUp: activeElement.previousElementSibling,
      ArrowDown: activeElement.nextElementSibling ?? this.input,
    }[event.key];
    if (event.key === "Escape") {
      event.stopPropagation();
      this.#suggest([]);
      this.input.focus();
    }
    if (!next) return;
    event.preventDefault();
    next.focus();
  }

  async #submit(event) {
    event.preventDefault();
    const text = this.input.value.trim();
    if (!text) return;
    this.fill("");
    try {
      await this.#deliver(text);
    } catch (error) {
      this.desk.complain(
        error instanceof Refused ? `Not sent: ${error.message}` : "The workspace cannot be reached. Nothing was sent.",
      );
      if (!this.input.value) this.fill(text);
    }
  }

  #deliver(text) {
    if (/^\/invite\b/.test(text)) return this.desk.person.post("invite", { channel: this.where.channel });
    return this.desk.person.post(text.startsWith("/") ? "command" : "message", { ...this.where, text });
  }
}
