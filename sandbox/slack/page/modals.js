/** The app's modals: one dialogue that always shows the top view of this person's stack. */

import { h, icon } from "./dom.js";
import { blocks } from "./blocks/blocks.js";
import { plainText } from "./blocks/mrkdwn.js";
import { returnFocus } from "./dialogs.js";
import { Surface } from "./surface.js";

export class Modals {
  constructor(desk) {
    Object.assign(this, { desk, shown: null, values: new Map() });
    this.dialog = h("dialog", {
      class: "modal",
      oncancel: (event) => {
        event.preventDefault();
        this.#dismiss(false);
      },
      // A browser closes on a second Esc without asking; the app's modal is open until the workspace says otherwise.
      onclose: () => this.shown && !this.dialog.open && this.#dismiss(false),
    });
    document.body.append(this.dialog);
  }

  /** Makes the dialogue show the top one of these views, or closes it. */
  show(views, errors) {
    const view = views.at(-1);
    if (!view) {
      this.#close();
      return;
    }
    const mark = `${view.id}/${view.hash}/${JSON.stringify(errors.get(view.id) ?? {})}`;
    if (mark === this.shown) return;
    const isNew = !this.shown?.startsWith(`${view.id}/`);
    this.shown = mark;
    this.#draw(view, views.length, errors.get(view.id) ?? {});
    if (!this.dialog.open) {
      this.before = document.activeElement;
      this.dialog.showModal();
    }
    this.#focus(isNew, errors.get(view.id));
  }

  /** Says in the modal what went wrong, because the page behind it cannot be reached. False if no modal is open. */
  tell(text) {
    if (!this.dialog.open) return false;
    this.dialog.querySelector(".modal-trouble").textContent = text;
    return true;
  }

  #draw(view, depth, errors) {
    const entered = this.#entered(view);
    const surface = new Surface(this.desk, { view_id: view.id }, entered, errors);
    this.focusKey = this.dialog.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    this.dialog.setAttribute("aria-labelledby", "modal-title");
    this.dialog.replaceChildren(
      h(
        "form",
        { class: "modal-form", novalidate: true, onsubmit: (event) => this.#submit(event, view, entered) },
        h(
          "header",
          { class: "dialog-head" },
          h("h2", { id: "modal-title", tabindex: "-1" }, plainText(view.title?.text)),
          h(
            "button",
            { type: "button", class: "button button-icon", "aria-label": "Close", onclick: () => this.#dismiss(true) },
            icon("close"),
          ),
        ),
        h("div", { class: "modal-body blocks" }, blocks(view.blocks, surface)),
        h("p", { class: "modal-trouble", role: "alert" }),
        h(
          "footer",
          { class: "dialog-buttons" },
          h(
            "button",
            { type: "button", class: "button", onclick: () => this.#dismiss(false) },
            plainText(view.close?.text ?? (depth > 1 ? "Back" : "Cancel")),
          ),
          view.submit &&
            h(
              "button",
              { type: "submit", class: "button button-primary" },
              h("span", { class: "button-label" }, plainText(view.submit.text)),
            ),
        ),
      ),
    );
  }

  /** What was entered in this view; an update by the app keeps it for inputs that are still there, as Slack does. */
  #entered(view) {
    const mine = this.values.get(view.id) ?? {};
    const entered = structuredClone(view.values ?? {});
    for (const [block, elements] of Object.entries(entered)) {
      for (const element of Object.keys(elements)) if (mine[block]?.[element]) elements[element] = mine[block][element];
    }
    this.values.set(view.id, entered);
    return entered;
  }

  #focus(isNew, errors) {
    const wrong = errors && this.dialog.querySelector(".invalid :is(input, textarea, select)");
    const same = this.focusKey && this.dialog.querySelector(`[data-key="${CSS.escape(this.focusKey)}"]`);
    const wanted = isNew && this.dialog.querySelector(".modal-body [data-focus]");
    const first = wanted || (isNew && this.dialog.querySelector(".modal-body :is(input, textarea, select)"));
    (wrong || same || first || this.dialog.querySelector("h2")).focus();
  }

  async #submit(event, view, values) {
    event.preventDefault();
    const button = this.dialog.querySelector("[type=submit]");
    if (!button || button.getAttribute("aria-busy") === "true") return;
    button.setAttribute("aria-busy", "true");
    this.tell("");
    try {
      const answer = await this.desk.person.post("submit", { view_id: view.id, values });
      this.desk.viewErrors(view.id, answer.errors ?? {});
    } catch (error) {
      this.desk.complain(`Not submitted: ${error.message}`);
    } finally {
      button.removeAttribute("aria-busy");
    }
  }

  async #dismiss(clear) {
    try {
      await this.desk.person.post("close_view", clear ? { clear: true } : {});
    } catch (error) {
      this.desk.complain(`Not closed: ${error.message}`);
    }
  }

  #close() {
    if (!this.shown) return;
    this.shown = null;
    this.values.clear();
    this.dialog.close();
    this.dialog.removeAttribute("aria-labelledby");
    this.dialog.replaceChildren();
    returnFocus(this.before);
  }
}
