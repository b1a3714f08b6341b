/** How far each person has read, per channel and thread. Kept by the browser, so both survive a reload. */

const PREFIX = "read/";

export class Reading {
  constructor(userId) {
    this.userId = userId;
  }

  /** Remembers that everything up to `ts` was seen. `place` is a channel id, or channel id/thread ts. */
  seen(place, ts) {
    if (Number(ts) > this.upTo(place)) localStorage.setItem(this.#key(place), ts);
  }

  /** The time of the newest message seen there, 0 if nobody looked yet. */
  upTo(place) {
    return Number(localStorage.getItem(this.#key(place)) ?? 0);
  }

  /** How many of these messages are new to this person. */
  unread(place, messages) {
    const mark = this.upTo(place);
    return messages.filter((message) => Number(message.ts) > mark && message.user !== this.userId).length;
  }

  #key(place) {
    return `${PREFIX}${this.userId}/${place}`;
  }
}
