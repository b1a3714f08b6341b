/** What one person knows of the workspace, kept up to date from the event stream. No drawing here. */

const byTime = (a, b) => Number(a.ts) - Number(b.ts);

/** True for a message that stands in the channel itself, not only in a thread. */
export function isRoot(message) {
  return !message.thread_ts || message.thread_ts === message.ts || message.reply_broadcast;
}

export class Workspace {
  /** @param {(change: {arrived?: object, edited?: object, toast?: object}) => void} onchange told after every change */
  constructor(onchange) {
    this.onchange = onchange;
    this.forget();
  }

  /** Empties everything, for another person. */
  forget() {
    Object.assign(this, { isLoaded: false, me: null, home: null, awsUrl: null, app: null });
    Object.assign(this, {
      users: new Map(),
      usergroups: new Map(),
      channels: new Map(),
      messages: new Map(),
      files: new Map(),
    });
    Object.assign(this, { views: [], viewErrors: new Map() });
  }

  /** Takes a whole state; messages that were not known before count as arrived, unless it is the first state. */
  load(state) {
    const before = this.isLoaded ? this.messages : null;
    const byId = (list) => new Map(list.map((each) => [each.id, each]));
    Object.assign(this, {
      isLoaded: true,
      me: state.me,
      team: state.team,
      app: state.app,
      home: state.home,
      views: state.views ?? [],
    });
    this.awsUrl = state.aws_url ?? null;
    this.users = byId(state.users);
    this.usergroups = byId(state.usergroups ?? []);
    this.channels = byId(state.channels);
    this.files = new Map(Object.entries(state.files ?? {}));
    this.messages = new Map(
      Object.entries(state.messages).map(([channel, list]) => [channel, new Map(list.map((each) => [each.ts, each]))]),
    );
    this.onchange({});
    if (!before) return;
    for (const [channel, list] of this.messages) {
      for (const [ts, message] of list) if (!before.get(channel)?.has(ts)) this.onchange({ arrived: message });
    }
  }

  /** Takes one event of the stream. */
  apply(event) {
    switch (event.type) {
      case "message_posted":
      case "message_edited":
        return this.#message(event);
      case "message_deleted":
        this.messages.get(event.channel)?.delete(event.ts);
        break;
      case "channel_changed":
        this.#channel(event.channel);
        break;
      case "file_added":
        this.files.set(event.file.id, event.file);
        break;
      case "view_opened":
      case "view_updated":
        this.#view(event.view);
        break;
      case "view_errors":
        this.viewErrors.set(event.view_id, event.errors);
        break;
      case "view_closed":
        this.views = this.views.filter((view) => view.id !== event.view_id);
        this.viewErrors.delete(event.view_id);
        break;
      case "home_published":
        this.home = event.view;
        break;
      case "toast":
        return this.onchange({ toast: event });
      case "app_connection":
        this.app.connected = event.connected;
        break;
      default:
        console.warn("unknown event", event.type);
    }
    return this.onchange({});
  }

  #message({ type, channel, message }) {
    if (!this.messages.has(channel)) this.messages.set(channel, new Map());
    const list = this.messages.get(channel);
    const before = list.get(message.ts);
    list.set(message.ts, message);
    for (const file of message.files) this.files.set(file.id, file);
    if (type === "message_posted" && !before) this.onchange({ arrived: message });
    else if (before && before.text !== message.text) this.onchange({ edited: message });
    else this.onchange({});
  }

  #channel(channel) {
    const isMember = channel.members.includes(this.me.id);
    if (isMember) this.channels.set(channel.id, channel);
    else this.channels.delete(channel.id);
  }

  #view(view) {
    const at = this.views.findIndex((each) => each.id === view.id);
    if (view.type === "home") this.home = view;
    else if (at < 0) this.views = [...this.views, view];
    else this.views = this.views.with(at, view);
    this.viewErrors.delete(view.id);
  }

  /** The messages of a channel's main column, oldest first. */
  roots(channelId) {
    return this.#sorted(channelId, isRoot);
  }

  /** A thread: its root first, then the replies. */
  thread(channelId, threadTs) {
    return this.#sorted(channelId, (message) => message.ts === threadTs || message.thread_ts === threadTs);
  }

  #sorted(channelId, wanted) {
    return [...(this.messages.get(channelId)?.values() ?? [])].filter(wanted).sort(byTime);
  }

  /** Everybody who can be acted as. */
  people() {
    return [...this.users.values()].filter((user) => !user.is_bot && user.id !== "USLACKBOT");
  }

  /** The file that a `slack_file` object points at. */
  file({ id, url }) {
    return this.files.get(id) ?? [...this.files.values()].find((file) => url?.endsWith(file.url));
  }

  /** Look-ups for mentions in texts. */
  get names() {
    return {
      user: (id) => this.users.get(id),
      channel: (id) => this.channels.get(id),
      usergroup: (id) => this.usergroups.get(id),
      isMe: (id) => id === this.me?.id,
    };
  }
}
