/** The two columns of messages: a channel (or direct messages, or the app's Home tab) and a thread. */

import { Composer } from "./composer.js";
import { h, icon, plural, redraw } from "./dom.js";
import { COMMANDS, MENTIONS } from "./examples.js";
import { blocks } from "./blocks/blocks.js";
import { messageNode } from "./message.js";
import { hashOf } from "./place.js";
import { Surface } from "./surface.js";
import { Timeline } from "./timeline.js";

/** What both columns share: drawing messages of one conversation with a composer below. */
class Column {
  /**
   * @param {HTMLElement} node the landmark to fill
   * @param {object} desk see surface.js; also `reading`, `openThread`, `showVersions`, `useShortcut`
   * @param {string} label of the list of messages
   */
  constructor(node, desk, label, examples, isThread) {
    Object.assign(this, { node, desk, isThread, entered: new Map() });
    this.head = h("header", { class: "column-head" });
    this.intro = h("div", { class: "intro" });
    this.scroller = h("div", { class: "scroller" }, this.intro);
    this.timeline = new Timeline(this.scroller, label, (message, isContinued) => this.#draw(message, isContinued));
    this.composer = new Composer(desk, examples);
    node.append(this.head, this.scroller, this.composer.node);
  }

  /** Draws the conversation `id`, up to date. */
  showMessages(id, messages, newAfter) {
    const { reading, person } = this.desk;
    const signature = (message) =>
      JSON.stringify([message, this.#newReplies(message), this.#missingFiles(message), person.user]);
    this.timeline.show(`${person.user}/${id}`, messages, { signature, newAfter, isThread: this.isThread });
    const isSeen = document.visibilityState === "visible" && this.node.checkVisibility();
    if (isSeen && messages.length) reading.seen(id, messages.at(-1).ts);
    this.empty = !messages.length;
  }

  #draw(message, isContinued) {
    const { desk } = this;
    const key = `${message.channel}/${message.ts}`;
    if (!this.entered.has(key)) this.entered.set(key, {});
    const where = { channel: message.channel, message_ts: message.ts, ...(message.ephemeral && { ephemeral: true }) };
    return messageNode(message, new Surface(desk, where, this.entered.get(key)), {
      isContinued,
      isInThread: this.isThread,
      newReplies: this.#newReplies(message),
      shortcuts: desk.workspace.app.shortcuts.filter((shortcut) => shortcut.type === "message"),
      onthread: desk.openThread,
      onversions: desk.showVersions,
      onshortcut: desk.useShortcut,
    });
  }

  #newReplies(message) {
    if (this.isThread || !message.reply_count) return 0;
    const replies = this.desk.workspace
      .thread(message.channel, message.ts)
      .slice(1)
      .filter((reply) => !reply.ephemeral);
    return this.desk.reading.unread(`${message.channel}/${message.ts}`, replies);
  }

  /** A picture may arrive after the message that shows it: then the message is drawn again. */
  #missingFiles(message) {
    return message.blocks.filter((block) => block.slack_file && !this.desk.workspace.file(block.slack_file)).length;
  }

  introduce(signature, build) {
    redraw(this.intro, signature, build);
  }

  exampleButtons(examples) {
    return h(
      "ul",
      { class: "examples" },
      examples.map(({ text, what }) =>
        h(
          "li",
          {},
          h(
            "button",
            { type: "button", onclick: () => this.composer.fill(text) },
            h("code", {}, text),
            h("span", { class: "subtle" }, what),
          ),
        ),
      ),
    );
  }
}

export class ChannelColumn extends Column {
  constructor(node, desk) {
    super(node, desk, "Messages", COMMANDS, false);
    this.home = h("div", { class: "scroller home blocks", hidden: true });
    this.scroller.after(this.home);
  }

  /** Shows a channel, or the Home tab when `place.kind` is `home`. */
  show(place) {
    const { workspace } = this.desk;
    const isHome = place.kind === "home";
    const channel = workspace.channels.get(place.channel) ?? {
      id: place.channel ?? workspace.app.dm,
      name: workspace.app.name,
      kind: "im",
      members: [],
      topic: "",
    };
    redraw(this.head, [channel, isHome, workspace.me.id], () => this.#head(channel, isHome));
    this.scroller.hidden = isHome;
    this.composer.node.hidden = isHome;
    this.home.hidden = !isHome;
    if (isHome) this.#showHome();
    else this.#showChannel(channel);
  }

  #showChannel(channel) {
    const { workspace, reading } = this.desk;
    const title = channel.kind === "im" ? channel.name : `#${channel.name}`;
    const messages = workspace.roots(channel.id);
    const before = this.shownId === channel.id ? this.newAfter : reading.upTo(channel.id);
    Object.assign(this, { shownId: channel.id, newAfter: before });
    this.composer.show({ channel: channel.id }, `Message ${title}`);
    this.showMessages(channel.id, messages, before);
    this.introduce([channel.id, this.empty], () => this.#intro(channel, title));
  }

  #intro(channel, title) {
    if (!this.empty) return h("p", { class: "subtle" }, `This is the beginning of ${title}.`);
    const what =
      channel.kind === "im"
        ? `Talk to ${title} here; nobody else sees it.`
        : channel.topic || "Nothing has been written here yet.";
    return [
      h("p", {}, h("strong", {}, title)),
      h("p", {}, what),
      h("p", {}, "Click one to fill it in, then press Enter:"),
      this.exampleButtons(COMMANDS),
    ];
  }

  #head(channel, isHome) {
    const isApp = channel.kind === "im";
    const { workspace, invite } = this.desk;
    const title = isApp ? workspace.app.name : [icon(channel.kind === "private" ? "lock" : "hash"), channel.name];
    const tab = (kind, label) =>
      h(
        "a",
        {
          href: hashOf({ kind, channel: workspace.app.dm }),
          class: "tab",
          "data-key": `tab/${kind}`,
          "aria-current": (kind === "home") === isHome ? "page" : null,
        },
        label,
      );
    const isUninvited = !isApp && !channel.bot_is_member;
    return [
      h(
        "a",
        { href: "#", class: "button button-icon only-narrow", "aria-label": "Back to the channels" },
        icon("back"),
      ),
      h(
        "div",
        { class: "column-title" },
        h("h2", { id: "conversation-title", tabindex: "-1" }, title),
        isApp
          ? h("nav", { class: "tabs", "aria-label": "App" }, tab("channel", "Messages"), tab("home", "Home"))
          : h(
              "p",
              { class: "subtle one-line" },
              [
                plural(channel.members.length, "member"),
                channel.is_ext_shared && "shared with another workspace",
                channel.topic,
              ]
                .filter(Boolean)
                .join(" · "),
            ),
      ),
      isUninvited &&
        h(
          "button",
          { type: "button", class: "button", onclick: () => invite(channel.id) },
          `Invite ${workspace.app.name}`,
        ),
    ];
  }

  #showHome() {
    const { home } = this.desk.workspace;
    redraw(this.home, [home, this.desk.person.user], () =>
      home
        ? blocks(home.blocks, new Surface(this.desk, { view_id: home.id }, structuredClone(home.values ?? {})))
        : h("p", { class: "subtle" }, "The app has not put anything here yet."),
    );
  }
}

export class ThreadColumn extends Column {
  constructor(node, desk) {
    super(node, desk, "Messages of the thread", MENTIONS, true);
  }

  show({ channel: channelId, thread }) {
    const { workspace, reading } = this.desk;
    const channel = workspace.channels.get(channelId);
    const id = `${channelId}/${thread}`;
    const before = this.shownId === id ? this.newAfter : reading.upTo(id);
    Object.assign(this, { shownId: id, newAfter: before });
    const back = hashOf({ kind: "channel", channel: channelId });
    redraw(this.head, [channel, thread], () => [
      h(
        "a",
        { href: back, class: "button button-icon only-narrow", "aria-label": "Back to the channel" },
        icon("back"),
      ),
      h(
        "div",
        { class: "column-title" },
        h("h2", { tabindex: "-1" }, "Thread"),
        h("p", { class: "subtle one-line" }, channel.kind === "im" ? channel.name : `#${channel.name}`),
      ),
      h(
        "a",
        { href: back, class: "button button-icon only-wide", "aria-label": "Close the thread", title: "Close (Esc)" },
        icon("close"),
      ),
    ]);
    const messages = workspace.thread(channelId, thread);
    this.composer.show({ channel: channelId, thread_ts: thread }, "Reply in the thread");
    this.showMessages(id, messages, before);
    this.introduce([id, messages.length], () =>
      messages.length ? [] : h("p", { class: "subtle" }, "This thread does not exist, or you may not see it."),
    );
  }
}
