/** The stand-in's control API (API.md): acting as a person, and reading what happened as it happens. */

const FIRST_RETRY_MS = 300;
const LONGEST_RETRY_MS = 2000;

/** The server answered, and the answer was no; `message` is a sentence for people. */
export class Refused extends Error {
  constructor(code, detail) {
    super(detail || code);
    this.code = code;
  }
}

/** Calls of one person. Every method rejects with Refused, or with TypeError when the server cannot be reached. */
export class Person {
  constructor(user) {
    this.user = user;
  }

  state() {
    return request(`/sandbox/state?as=${encodeURIComponent(this.user)}`);
  }

  history(channel, ts) {
    return request(`/sandbox/history?channel=${encodeURIComponent(channel)}&ts=${encodeURIComponent(ts)}`);
  }

  /** `what` is the last part of the path, such as `click`. */
  post(what, body = {}) {
    return request(`/sandbox/${what}`, { user: this.user, ...body });
  }
}

/** GET, or POST when there is a body. */
export async function request(address, body) {
  const options = body && {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  };
  const response = await fetch(address, options);
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refused(answer.error ?? `http_${response.status}`, answer.detail);
  return answer;
}

/**
 * Keeps one person's view of the workspace up to date: reads the state, follows the events after it, and does both again
 * whenever the connection was lost, so nothing that happened meanwhile is missed, not even a restart of the server.
 */
export class Connection {
  /**
   * @param {Person} person
   * @param {{onstate: (state) => void, onevent: (event) => void, onstatus: (isConnected: boolean) => void}} listeners
   */
  constructor(person, listeners) {
    Object.assign(this, { person, listeners, attempts: 0, isClosed: false });
    this.#connect();
  }

  close() {
    this.isClosed = true;
    clearTimeout(this.timer);
    this.source?.close();
  }

  async #connect() {
    let state;
    try {
      state = await this.person.state();
    } catch {
      this.#retry();
      return;
    }
    if (this.isClosed) return;
    this.listeners.onstate(state);
    this.source = new EventSource(`/sandbox/stream?as=${encodeURIComponent(this.person.user)}&after=${state.event_id}`);
    this.source.onopen = () => {
      this.attempts = 0;
      this.listeners.onstatus(true);
    };
    this.source.onerror = () => this.#retry();
    this.source.onmessage = ({ data }) => this.#received(JSON.parse(data));
  }

  #received(event) {
    if (event.type !== "reset") {
      this.listeners.onevent(event);
      return;
    }
    this.source.close();
    this.#connect();
  }

  #retry() {
    this.source?.close();
    if (this.isClosed) return;
    this.listeners.onstatus(false);
    const wait = Math.min(FIRST_RETRY_MS * 2 ** this.attempts, LONGEST_RETRY_MS);
    this.attempts += 1;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#connect(), wait);
  }
}
