/** Composition: one person, one connection, one place; everything visible is drawn from the workspace after every change. */

import { Connection, Person, Refused } from "./api.js";
import { ChannelColumn, ThreadColumn } from "./columns.js";
import { confirm, enlarge } from "./dialogs.js";
import { h, redraw } from "./dom.js";
import { spoken } from "./message.js";
import { Modals } from "./modals.js";
import { Announcer, Toasts } from "./notices.js";
import { Panel } from "./panel.js";
import { addressAs, currentPlace, hashOf, parameter, placeOfPermalink } from "./place.js";
import { Reading } from "./reading.js";
import { channelList, peopleSwitch, whoAmI } from "./sidebar.js";
import { Workspace, isRoot } from "./state.js";
import { showVersions } from "./versions.js";

const DEFAULT_USER = "U0ANNA";
const TITLE = "Workspace — local stand-in";
const at = (id) => document.getElementById(id);

class Page {
  constructor() {
    this.workspace = new Workspace((change) => this.#changed(change));
    this.toasts = new Toasts(at("toasts"));
    this.announcer = new Announcer(at("announcer"));
    this.desk = {
      workspace: this.workspace,
      confirm,
      enlarge,
      complain: (text) => this.modals.tell(text) || this.toasts.show(text),
      viewErrors: (viewId, errors) => this.#viewErrors(viewId, errors),
      openThread: (message) =>
        this.#go({ kind: "thread", channel: message.channel, thread: message.thread_ts ?? message.ts }),
      showVersions: (message) => this.#trying(() => showVersions(this.desk, message)),
      useShortcut: ({ callback_id: callbackId }, { channel, ts }) =>
        this.#trying(() => this.desk.person.post("shortcut", { callback_id: callbackId, channel, message_ts: ts })),
      invite: (channel) => this.#trying(() => this.desk.person.post("invite", { channel })),
    };
    this.#become(currentPlace().user ?? DEFAULT_USER);
    this.channel = new ChannelColumn(at("conversation"), this.desk);
    this.thread = new ThreadColumn(at("thread"), this.desk);
    this.modals = new Modals(this.desk);
    this.panel = new Panel(at("panel"), at("panel-toggle"));
    this.#listen();
  }

  /** Starts over as another person; the place stays the same. */
  #become(user) {
    this.connection?.close();
    this.workspace.forget();
    this.desk.person = new Person(user);
    this.desk.reading = new Reading(user);
    this.visited = null;
    this.connection = new Connection(this.desk.person, {
      onstate: (state) => this.workspace.load(state),
      onevent: (event) => this.workspace.apply(event),
      onstatus: (isConnected) => this.#connected(isConnected),
    });
  }

  #listen() {
    addEventListener("popstate", () => this.#moved());
    addEventListener("hashchange", () => this.#moved());
    addEventListener("focus", () => this.#draw());
    document.addEventListener("visibilitychange", () => this.#draw());
    document.addEventListener("keydown", (event) => this.#escape(event));
    document.addEventListener("problem", ({ detail }) => this.toasts.show(detail));
    document.addEventListener("click", (event) => this.#permalink(event));
    at("skip").addEventListener("click", (event) => {
      event.preventDefault();
      at("conversation").focus();
    });
  }

  /** A link to a message of this workspace stays in this tab, and with this person. */
  #permalink(event) {
    const place = event.target instanceof Element && placeOfPermalink(event.target.closest("a[href]")?.href);
    if (!place || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    this.#go(place);
  }

  #moved() {
    const { user } = currentPlace();
    if ((user ?? DEFAULT_USER) !== this.desk.person.user) this.#become(user ?? DEFAULT_USER);
    else this.#draw();
  }

  #go(place) {
    history.pushState(null, "", hashOf(place));
    this.#draw();
    const target = place.kind === "thread" ? this.thread : this.channel;
    // On a touch screen the composer's focus would bring up a keyboard over what the person came to read.
    const start = matchMedia("(pointer: coarse)").matches ? target.head.querySelector("h2") : target.composer.input;
    start.focus({ preventScroll: true });
  }

  /** Esc closes the thread; dialogues, menus and suggestions take their Esc before it gets here. */
  #escape(event) {
    const place = currentPlace();
    if (event.key !== "Escape" || event.defaultPrevented || place.kind !== "thread") return;
    if (document.querySelector("dialog[open], :popover-open")) return;
    this.#go({ kind: "channel", channel: place.channel });
    document.querySelector(`#conversation [data-ts="${place.thread}"] [data-key="replies"]`)?.focus();
  }

  #changed({ arrived, edited, toast }) {
    if (arrived) this.#announceArrival(arrived);
    if (edited && isRoot(edited)) this.announcer.say(`Edited: ${spoken(edited, this.workspace.names)}`);
    if (toast) this.#toast(toast);
    this.scheduled ??= setTimeout(() => {
      this.scheduled = null;
      this.#draw();
    });
  }

  #announceArrival(message) {
    if (message.user === this.desk.person.user) return;
    const { users, channels, names } = this.workspace;
    const sender = users.get(message.user)?.real_name ?? message.user;
    const place = this.#place();
    const isHere = message.channel === place.channel && (isRoot(message) || message.thread_ts === place.thread);
    const where = isHere
      ? ""
      : ` in ${isRoot(message) ? "" : "a thread of "}${channels.get(message.channel)?.name ?? "another channel"}`;
    this.announcer.say(
      `${sender}${where}: ${message.ephemeral ? "only visible to you: " : ""}${spoken(message, names)}`,
    );
  }

  /** An error that belongs to an element is shown at the element too. */
  #toast(toast) {
    this.desk.complain(toast.text);
    if (!toast.message_ts || !toast.action_id) return;
    const key = CSS.escape(`${toast.block_id}/${toast.action_id}`);
    for (const element of document.querySelectorAll(`[data-ts="${toast.message_ts}"] [data-key^="${key}"]`)) {
      if (!element.nextElementSibling?.matches(".action-error"))
        element.after(h("span", { class: "action-error" }, `⚠ ${toast.text}`));
    }
  }

  #connected(isConnected) {
    at("connection").textContent = isConnected ? "" : "Reconnecting…";
    document.body.classList.toggle("is-offline", !isConnected);
  }

  #viewErrors(viewId, errors) {
    if (!this.workspace.views.some((view) => view.id === viewId)) return;
    this.workspace.viewErrors.set(viewId, errors);
    this.#changed({});
  }

  /** The place that is shown: the address, made to fit what this person may see. */
  #place() {
    const place = currentPlace();
    const { channels, app } = this.workspace;
    if (place.kind === "home") return place;
    // Everybody has their own direct messages with the app; a link to somebody else's leads to one's own.
    if (/^D0/.test(place.channel ?? "") && place.channel !== app.dm)
      return { ...place, kind: "channel", channel: app.dm, thread: null };
    if (place.channel && (channels.has(place.channel) || place.channel === app.dm)) return place;
    const first = [...channels.values()].find((channel) => channel.kind !== "im")?.id ?? app.dm;
    return { ...place, kind: "list", channel: first, thread: null };
  }

  #draw() {
    const { workspace } = this;
    if (!workspace.isLoaded) return;
    const place = this.#place();
    document.body.dataset.view = place.kind;
    this.#visit(place);
    // In this order, because showing messages marks them as read, and the frame counts what is not.
    at("thread").hidden = place.kind !== "thread";
    if (place.kind === "thread") this.thread.show(place);
    this.channel.show(place);
    this.#drawFrame(place);
    this.modals.show(workspace.views, workspace.viewErrors);
    this.panel.connect(parameter("aws") ?? workspace.awsUrl);
  }

  #drawFrame(place) {
    const { workspace } = this;
    const { reading, person } = this.desk;
    const unread = (channel) => reading.unread(channel.id, workspace.roots(channel.id));
    const counts = [...workspace.channels.values()].map(unread);
    redraw(at("people"), [workspace.people(), person.user, location.hash], () =>
      peopleSwitch(workspace.people(), workspace.me, (user) => this.#switch(user)),
    );
    redraw(at("who"), [workspace.me, workspace.app.connected], () => [
      whoAmI(workspace.me, workspace.team),
      workspace.app.connected
        ? null
        : h(
            "p",
            { class: "warning" },
            `${workspace.app.name} is not connected: commands and buttons will not be answered.`,
          ),
    ]);
    at("who").style.setProperty("--person", workspace.me.color);
    redraw(at("sidebar"), [[...workspace.channels.values()], counts, place.kind, place.channel], () =>
      channelList(workspace, place, unread),
    );
    const title = place.kind === "home" ? "Home" : (workspace.channels.get(place.channel)?.name ?? workspace.app.name);
    const total = counts.reduce((sum, each) => sum + each, 0);
    document.title = `${total ? `(${total}) ` : ""}${title} as ${workspace.me.name} · ${TITLE}`;
  }

  #switch(user) {
    history.pushState(null, "", addressAs(user));
    this.#moved();
  }

  /** Tells the app when somebody comes to its Home tab or direct messages, as Slack does. */
  #visit({ kind, channel }) {
    const { app } = this.workspace;
    const here = kind === "home" ? "open_home" : kind !== "list" && channel === app.dm ? "open_dm" : null;
    const isNew = here && here !== this.visited;
    this.visited = here;
    if (isNew) this.#trying(() => this.desk.person.post(here));
  }

  async #trying(action) {
    try {
      await action();
    } catch (error) {
      this.toasts.show(
        error instanceof Refused ? `That did not work: ${error.message}` : "The workspace cannot be reached.",
      );
    }
  }
}

const linked = placeOfPermalink(location.href);
if (linked) history.replaceState(null, "", `/${hashOf(linked)}`);
new Page();
