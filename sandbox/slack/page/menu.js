/** A button that opens a short list of actions: `overflow` elements and what can be done with a message. */

import { h, icon } from "./dom.js";

const GAP = 4;

/**
 * Makes the button. The list lives in the top layer, so no scrolling column cuts it off; the browser closes it on Esc and on
 * clicks elsewhere.
 *
 * @param {string} label the accessible name of the button
 * @param {{content: Node|string, description?: Node|string, href?: string, onselect: () => void}[]} items
 * @param {object} props further attributes of the button
 * @param {string} picture the name of the icon
 */
export function menuButton(label, items, props = {}, picture = "more") {
  const list = h("div", {
    class: "menu",
    role: "menu",
    "aria-label": label,
    popover: "auto",
    onkeydown: (event) => walk(event, list),
  });
  const button = h(
    "button",
    {
      type: "button",
      class: "button button-icon",
      "aria-label": label,
      title: label,
      "aria-haspopup": "menu",
      "aria-expanded": "false",
      ...props,
      onclick: () => (list.matches(":popover-open") ? list.hidePopover() : open(button, list)),
    },
    icon(picture),
  );
  list.append(...items.map((item) => menuItem(item, button, list)));
  list.addEventListener("toggle", (event) => {
    button.setAttribute("aria-expanded", String(event.newState === "open"));
    if (event.newState === "closed" && list.contains(document.activeElement)) button.focus();
  });
  return h("span", { class: "menu-holder" }, button, list);
}

function menuItem(item, button, list) {
  const content = [h("span", {}, item.content), item.description && h("small", {}, item.description)];
  const choose = () => {
    list.hidePopover();
    button.focus();
    item.onselect();
  };
  return item.href
    ? h(
        "a",
        {
          role: "menuitem",
          tabindex: "-1",
          href: item.href,
          target: "_blank",
          rel: "noopener noreferrer",
          onclick: choose,
        },
        content,
      )
    : h("button", { type: "button", role: "menuitem", tabindex: "-1", onclick: choose }, content);
}

function open(button, list) {
  list.showPopover();
  const anchor = button.getBoundingClientRect();
  const size = list.getBoundingClientRect();
  const below = anchor.bottom + GAP;
  const top = below + size.height > window.innerHeight ? anchor.top - GAP - size.height : below;
  list.style.top = `${Math.max(GAP, top)}px`;
  list.style.left = `${Math.max(GAP, Math.min(anchor.right - size.width, window.innerWidth - size.width - GAP))}px`;
  list.querySelector("[role=menuitem]")?.focus();
}

function walk(event, list) {
  const items = [...list.querySelectorAll("[role=menuitem]")];
  const at = items.indexOf(document.activeElement);
  const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
  if (event.key === "Tab") list.hidePopover();
  if (next === undefined) return;
  event.preventDefault();
  items.at(next % items.length)?.focus();
}
