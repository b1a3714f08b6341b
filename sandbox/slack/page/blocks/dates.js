/** Times as people read them: Slack's date tokens, the clock beside a message, the line between days. */

import { h } from "../dom.js";

const DAY_MS = 24 * 60 * 60 * 1000;

const format = (options) => {
  const formatter = new Intl.DateTimeFormat(undefined, options);
  return (date) => formatter.format(date);
};

const clock = format({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const clockWithSeconds = format({ hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const numeric = format({ year: "numeric", month: "2-digit", day: "2-digit" });
const short = format({ day: "numeric", month: "short", year: "numeric" });
const long = format({ weekday: "long", day: "numeric", month: "long", year: "numeric" });
const plain = format({ day: "numeric", month: "long", year: "numeric" });
const full = format({ dateStyle: "full", timeStyle: "long" });

/** "Today", "Yesterday", "Tomorrow", or null for any other day. */
function nearDay(date) {
  const midnight = (each) => new Date(each).setHours(0, 0, 0, 0);
  const days = Math.round((midnight(date) - midnight(Date.now())) / DAY_MS);
  return { "-1": "Yesterday", 0: "Today", 1: "Tomorrow" }[days] ?? null;
}

/** "3 minutes ago", "in 2 hours". */
function ago(date) {
  const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });
  const seconds = (date.getTime() - Date.now()) / 1000;
  const steps = [
    ["day", 86400],
    ["hour", 3600],
    ["minute", 60],
  ];
  for (const [unit, size] of steps) {
    if (Math.abs(seconds) >= size) return relative.format(Math.round(seconds / size), unit);
  }
  return relative.format(Math.round(seconds), "second");
}

const TOKENS = {
  date_num: numeric,
  date_slash: numeric,
  date: plain,
  date_short: short,
  date_long: long,
  date_pretty: (date) => nearDay(date)?.toLowerCase() ?? plain(date),
  date_short_pretty: (date) => nearDay(date)?.toLowerCase() ?? short(date),
  date_long_pretty: (date) => nearDay(date)?.toLowerCase() ?? long(date),
  time: clock,
  time_secs: clockWithSeconds,
  ago,
  day_divider_pretty: (date) => nearDay(date) ?? long(date),
};

/**
 * What Slack shows for `<!date^seconds^template|fallback>`, in the reader's own time zone. `isStart`: it begins a sentence, so
 * it says “Today” and not “today”.
 */
export function dateToken(seconds, template, fallback, isStart = false) {
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) return fallback;
  const text = template.replace(/\{(\w+)\}/g, (whole, name) => (TOKENS[name] ? TOKENS[name](date) : whole));
  const shown = isStart ? text.charAt(0).toUpperCase() + text.slice(1) : text;
  return h("time", { datetime: date.toISOString(), title: full(date) }, shown);
}

/** When a message was posted. */
function instant(ts) {
  return new Date(Number.parseFloat(ts) * 1000);
}

/** The clock time of a message, with the whole date as its title. */
export function messageTime(ts) {
  const date = instant(ts);
  return h("time", { datetime: date.toISOString(), title: full(date) }, clock(date));
}

/** "Today", "Yesterday" or the date, for the line between two days. */
export function dayOf(ts) {
  return TOKENS.day_divider_pretty(instant(ts));
}

/** "14:05" or "12 Nov 2026 14:05", for sentences. */
export function spokenTime(ts) {
  const date = instant(ts);
  const near = nearDay(date);
  return near === "Today" ? clock(date) : `${near ?? short(date)} ${clock(date)}`;
}
