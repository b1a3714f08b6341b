/** Dialogues of the page's own: confirmation, a picture enlarged, earlier versions of a message. */

import { h, icon, uniqueId } from "./dom.js";
import { plainText, textObject } from "./blocks/mrkdwn.js";

/**
 * Opens a modal dialogue; the focus returns to where it was, or to the composer if that is gone.
 *
 * @returns {HTMLDialogElement} removed from the page when it closes
 */
export function openDialog(title, content, { look = "", role = "dialog" } = {}) {
  const heading = uniqueId("title");
  const before = document.activeElement;
  const dialog = h(
    "dialog",
    { class: look, role: role === "dialog" ? null : role, "aria-labelledby": heading },
    h(
      "header",
      { class: "dialog-head" },
      h("h2", { id: heading }, title),
      h(
        "button",
        { type: "button", class: "button button-icon", "aria-label": "Close", onclick: () => dialog.close("") },
        icon("close"),
      ),
    ),
    content,
  );
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close(""));
  dialog.addEventListener("close", () => {
    dialog.remove();
    returnFocus(before);
  });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/** Focuses an element if it still exists, else its successor with the same key, else the nearest composer. */
export function returnFocus(element) {
  const key = element?.dataset?.key;
  const successor = element?.isConnected ? element : key && document.querySelector(`[data-key="${CSS.escape(key)}"]`);
  (successor || document.querySelector("#thread:not([hidden]) textarea, #conversation textarea"))?.focus({
    preventScroll: true,
  });
}

/** Asks what an element's `confirm` object says. Resolves to true only if the person confirmed. */
export function confirm(wanted, names) {
  const isDanger = wanted.style === "danger";
  const answer = (value) => () => dialog.close(value);
  const no = h(
    "button",
    { type: "button", class: "button", onclick: answer("") },
    plainText(wanted.deny?.text ?? "Cancel"),
  );
  const yes = h(
    "button",
    { type: "button", class: `button button-${isDanger ? "danger" : "primary"}`, onclick: answer("yes") },
    plainText(wanted.confirm?.text ?? "Yes"),
  );
  const text = h("div", { class: "text", id: uniqueId("question") }, textObject(wanted.text, names));
  const dialog = openDialog(
    plainText(wanted.title?.text ?? "Are you sure?"),
    [text, h("div", { class: "dialog-buttons" }, no, yes)],
    { look: "small", role: "alertdialog" },
  );
  dialog.setAttribute("aria-describedby", text.id);
  // What cannot be undone is not what Enter does by accident.
  (isDanger ? no : yes).focus();
  return new Promise((resolve) => dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes")));
}

/** Shows a picture as large as the window allows, with its description in words. */
export function enlarge(address, description, title) {
  openDialog(
    title || "Picture",
    [
      h("img", { src: address, alt: description }),
      h(
        "p",
        { class: "hint" },
        description,
        " ",
        h("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, "Open the original"),
      ),
    ],
    { look: "lightbox" },
  );
}
