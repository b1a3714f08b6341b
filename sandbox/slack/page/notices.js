/** Short notices: errors that pop up, and what screen readers are told. */

import { h, icon } from "./dom.js";

const SHOWN_MS = 10_000;
const GATHERED_MS = 400;

/** Errors in a corner; each stays until it is closed or ten seconds have passed. */
export class Toasts {
  constructor(holder) {
    this.holder = holder;
  }

  show(text) {
    const close = () => toast.remove();
    const toast = h(
      "div",
      { class: "toast" },
      h("p", {}, text),
      h(
        "button",
        { type: "button", class: "button button-icon", "aria-label": "Dismiss", onclick: close },
        icon("close"),
      ),
    );
    this.holder.append(toast);
    setTimeout(close, SHOWN_MS);
  }
}

/** Says what happened to those who cannot see it; several things at once become one announcement. */
export class Announcer {
  constructor(region) {
    Object.assign(this, { region, waiting: [], timer: null });
  }

  say(text) {
    if (!this.waiting.includes(text)) this.waiting.push(text);
    this.timer ??= setTimeout(() => {
      this.region.replaceChildren(...this.waiting.map((each) => h("p", {}, each)));
      Object.assign(this, { waiting: [], timer: null });
    }, GATHERED_MS);
  }
}
