/** A column of messages that changes in place: only what differs is drawn again, and the reader's position is kept. */

import { h, keepingFocus, plural } from "./dom.js";
import { dayOf } from "./blocks/dates.js";

const NEAR_BOTTOM_PX = 60;
const CONTINUED_WITHIN_SECONDS = 300;

export class Timeline {
  /**
   * @param {HTMLElement} scroller the element that scrolls
   * @param {string} label what the list is, for screen readers
   * @param {(message: object, isContinued: boolean) => HTMLElement} draw
   */
  constructor(scroller, label, draw) {
    Object.assign(this, { scroller, draw, drawn: new Map(), isAtBottom: true, scrolledTo: 0, place: null });
    this.list = h("ol", { class: "timeline", "aria-label": label });
    this.latest = h(
      "button",
      { type: "button", class: "button latest", hidden: true, onclick: () => this.toBottom() },
      "New messages ↓",
    );
    scroller.append(this.list, this.latest);
    scroller.addEventListener("scroll", () => this.#scrolled());
    // Pictures that load and fields that grow move the end of the list; who was at the end stays there.
    const follow = new ResizeObserver(() => this.isAtBottom && this.toBottom());
    follow.observe(this.list);
    follow.observe(scroller);
  }

  /**
   * Shows these messages.
   *
   * @param {string} place tells one conversation from another; a new one starts at its end
   * @param {object[]} messages oldest first
   * @param {{signature: (message) => string, newAfter: number, isThread: boolean}} options `signature`: changes when a message
   *   must be drawn again; `newAfter`: messages later than this are new to the reader (0: no line is drawn)
   */
  show(place, messages, { signature, newAfter = 0, isThread = false }) {
    if (place !== this.place) this.#begin(place, newAfter);
    const before = this.drawn.size;
    const nodes = this.#entries(messages, isThread).map((entry) => this.#node(entry, signature));
    this.#arrange(nodes);
    if (this.isAtBottom) this.toBottom();
    else if (this.drawn.size > before) this.latest.hidden = false;
  }

  toBottom() {
    this.scroller.scrollTop = this.scroller.scrollHeight;
    this.isAtBottom = true;
    this.latest.hidden = true;
  }

  #begin(place, newAfter) {
    Object.assign(this, { place, newAfter, drawn: new Map(), isAtBottom: true, scrolledTo: 0 });
    this.list.replaceChildren();
    this.latest.hidden = true;
  }

  #scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    const isHigher = scrollTop < this.scrolledTo;
    this.scrolledTo = scrollTop;
    if (scrollHeight - scrollTop - clientHeight < NEAR_BOTTOM_PX) this.isAtBottom = true;
    // Growth of the list fires this too, before the observer had its turn; only who scrolls up leaves the end.
    else if (isHigher) this.isAtBottom = false;
    if (this.isAtBottom) this.latest.hidden = true;
  }

  /** Messages with the lines between days, below the root of a thread and above the first new one. */
  #entries(messages, isThread) {
    const entries = [];
    let previous = null;
    let isMarked = !this.newAfter;
    for (const message of messages) {
      const day = dayOf(message.ts);
      const startsDay = !previous || dayOf(previous.ts) !== day;
      if (startsDay) entries.push({ key: `day/${day}`, line: day });
      const isNew = !isMarked && Number(message.ts) > this.newAfter && previous;
      if (isNew) entries.push({ key: "new", line: "New" });
      isMarked ||= Number(message.ts) > this.newAfter;
      entries.push({ key: message.ts, message, isContinued: !startsDay && !isNew && continues(message, previous) });
      if (isThread && !previous && message.reply_count)
        entries.push({ key: "replies", line: plural(message.reply_count, "reply", "replies") });
      previous = message;
    }
    return entries;
  }

  #node(entry, signature) {
    const known = this.drawn.get(entry.key);
    const mark = entry.message ? `${entry.isContinued}${signature(entry.message)}` : entry.line;
    if (known?.mark === mark) return known.node;
    const node = known?.node ?? h("li", { class: entry.message ? "entry" : `line line-${entry.key.split("/")[0]}` });
    if (entry.message) this.#redraw(node, entry);
    else node.replaceChildren(h("span", {}, entry.line));
    this.drawn.set(entry.key, { node, mark });
    return node;
  }

  #redraw(node, { message, isContinued }) {
    const wasInside = node.contains(document.activeElement);
    keepingFocus(node, () => node.replaceChildren(this.draw(message, isContinued)));
    // The pressed button may be gone for good (an answered approval): then the message itself keeps the reader's place.
    if (wasInside && !node.contains(document.activeElement))
      node.querySelector("article").focus({ preventScroll: true });
  }

  #arrange(nodes) {
    const wanted = new Set(nodes);
    for (const [key, { node }] of this.drawn) {
      if (wanted.has(node)) continue;
      node.remove();
      this.drawn.delete(key);
    }
    nodes.forEach((node, index) => {
      if (this.list.children[index] !== node) this.list.insertBefore(node, this.list.children[index] ?? null);
    });
  }
}

function continues(message, previous) {
  const isPlain = ({ ephemeral, command, subtype, blocks, files }) =>
    !ephemeral && !command && !subtype && !blocks.length && !files.length;
  return (
    previous &&
    previous.user === message.user &&
    isPlain(previous) &&
    isPlain(message) &&
    Number(message.ts) - Number(previous.ts) < CONTINUED_WITHIN_SECONDS
  );
}
