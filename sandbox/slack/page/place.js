/**
 * Where somebody is, as the address says it: `?as=U0BEN#C0MLDEPLOYS/1790000000.000100`. Two tabs can therefore be two people, and
 * reload, back and forward work. An empty hash is the list of channels (which a wide screen shows beside the first channel).
 */

/** @returns {{user: string|null, kind: "list"|"home"|"channel"|"thread", channel: string|null, thread: string|null}} */
export function currentPlace() {
  const [channel, thread] = decodeURIComponent(location.hash.slice(1)).split("/");
  const kind = channel === "home" ? "home" : thread ? "thread" : channel ? "channel" : "list";
  return { user: parameter("as"), kind, channel: kind === "home" ? null : channel || null, thread: thread || null };
}

/** A parameter of the query, or null. */
export function parameter(name) {
  return new URLSearchParams(location.search).get(name);
}

/** The hash of a place. */
export function hashOf({ kind, channel, thread }) {
  if (kind === "home") return "#home";
  if (kind === "thread") return `#${channel}/${thread}`;
  return kind === "channel" ? `#${channel}` : "#";
}

/** The address of the same place as another person. */
export function addressAs(user) {
  const query = new URLSearchParams(location.search);
  query.set("as", user);
  return `?${query}${location.hash}`;
}

/**
 * The place of a message's permalink (`/archives/C…/p1790000000000100?thread_ts=…`) of this workspace: its thread. Null for any
 * other address.
 */
export function placeOfPermalink(address) {
  if (!address) return null;
  const url = new URL(address);
  const [, channel, digits] = /^\/archives\/([A-Z0-9]+)\/p(\d{7,})$/.exec(url.pathname) ?? [];
  if (url.origin !== location.origin || !channel) return null;
  const ts = `${digits.slice(0, -6)}.${digits.slice(-6)}`;
  return { kind: "thread", channel, thread: url.searchParams.get("thread_ts") ?? ts };
}
