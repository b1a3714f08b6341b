/** Who one is, and where one can go. */

import { h, icon, plural } from "./dom.js";
import { avatar } from "./message.js";
import { addressAs, hashOf } from "./place.js";

/** The people that can be acted as, as links: a plain click switches, a click with Ctrl opens another tab as that person. */
export function peopleSwitch(people, me, onswitch) {
  return h(
    "ul",
    {},
    people.map((user) =>
      h(
        "li",
        {},
        h(
          "a",
          {
            href: addressAs(user.id),
            class: "person",
            "aria-current": user.id === me.id ? "true" : null,
            "data-key": `person/${user.id}`,
            "aria-label": `${user.real_name}${user.title ? `, ${user.title}` : ""}`,
            title: [user.real_name, user.title].filter(Boolean).join(" · "),
            onclick: (event) => {
              if (event.ctrlKey || event.metaKey || event.shiftKey) return;
              event.preventDefault();
              onswitch(user.id);
            },
          },
          avatar(user),
          h("span", { class: "person-name" }, user.name),
        ),
      ),
    ),
  );
}

/** The sentence that says whose eyes one sees through. */
export function whoAmI(me, team) {
  const isGuest = me.team_id !== team?.id;
  return h(
    "p",
    { class: "who" },
    "You are ",
    h("strong", {}, me.real_name),
    h("span", { class: "subtle" }, [me.title && ` · ${me.title}`, isGuest && " · guest from another workspace"]),
  );
}

/** Channels, then the app. `unread(channel)` tells how many messages are new there. */
export function channelList(workspace, place, unread) {
  const channels = [...workspace.channels.values()].filter((channel) => channel.kind !== "im");
  const { app } = workspace;
  const isInApp = place.kind === "home" || place.channel === app.dm;
  const dm = { id: app.dm, name: app.name, kind: "im" };
  return [
    h("h2", {}, "Channels"),
    h(
      "ul",
      {},
      channels.map((channel) => item(channel, channel.id === place.channel, unread(channel))),
    ),
    h("h2", {}, "Apps"),
    h("ul", {}, item(dm, isInApp, unread(dm))),
  ];
}

function item(channel, isCurrent, unread) {
  const sign =
    channel.kind === "im"
      ? h("span", { class: "app-sign", "aria-hidden": "true" }, "⚙")
      : icon(channel.kind === "private" ? "lock" : "hash");
  return h(
    "li",
    {},
    h(
      "a",
      {
        href: hashOf({ kind: "channel", channel: channel.id }),
        class: unread ? "channel has-unread" : "channel",
        "aria-current": isCurrent ? "page" : null,
        "data-key": `channel/${channel.id}`,
        "aria-label": unread ? `${channel.name}, ${plural(unread, "new message")}` : null,
      },
      sign,
      h("span", { class: "channel-name" }, channel.name),
      unread ? h("span", { class: "count" }, String(unread)) : null,
    ),
  );
}
