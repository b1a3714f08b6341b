/** What blocks need to live: names, files, what was entered so far, and a way to tell the app what was pressed. */

import { Refused } from "./api.js";

/** The value that the control API takes for a click, from one of Slack's state objects. */
function plainValue(state) {
  if (!state) return undefined;
  if (state.selected_option) return state.selected_option.value;
  if (state.selected_options) return state.selected_options.map((option) => option.value);
  return Object.entries(state).find(([key]) => key !== "type")?.[1];
}

/** One message, modal or Home tab with interactive elements. */
export class Surface {
  /**
   * @param {object} desk what all surfaces of a person share: `person`, `workspace`, `confirm`, `enlarge`, `complain`
   * @param {object} where `{channel, message_ts}` or `{view_id}`
   * @param {object} values block id → action id → state object; changed in place
   * @param {object} errors block id → what is wrong there
   */
  constructor(desk, where, values, errors = {}) {
    Object.assign(this, { desk, where, values, errors });
  }

  get names() {
    return this.desk.workspace.names;
  }

  file(reference) {
    return this.desk.workspace.file(reference);
  }

  enlarge(address, description, title) {
    this.desk.enlarge(address, description, title);
  }

  people() {
    return this.desk.workspace.people().map((user) => ({ id: user.id, label: user.real_name }));
  }

  channels() {
    return [...this.desk.workspace.channels.values()]
      .filter((each) => each.kind !== "im")
      .map((each) => ({ id: each.id, label: `#${each.name}` }));
  }

  state(block, element) {
    return this.values[block.block_id]?.[element.action_id];
  }

  setState(block, element, state) {
    this.values[block.block_id] = { ...this.values[block.block_id], [element.action_id]: state };
  }

  /**
   * Tells the app that somebody used an element, after asking for confirmation if the element wants it.
   *
   * @returns {Promise<boolean>} false if the person thought better of it or the element is still busy
   */
  async act(block, element, state, node) {
    if (node.getAttribute("aria-busy") === "true") return false;
    if (element.confirm && !(await this.desk.confirm(element.confirm, this.names))) return false;
    node.setAttribute("aria-busy", "true");
    try {
      const click = {
        ...this.where,
        block_id: block.block_id,
        action_id: element.action_id,
        value: plainValue(state),
        values: this.values,
      };
      await this.desk.person.post("click", click);
      return true;
    } catch (error) {
      this.desk.complain(
        error instanceof Refused
          ? `That did not work: ${error.message}`
          : "The workspace cannot be reached. Nothing was sent.",
      );
      return false;
    } finally {
      node.removeAttribute("aria-busy");
    }
  }

  /** The options that the app offers for what was typed into a search menu. */
  async suggest(block, element, value) {
    try {
      return await this.desk.person.post("suggest", {
        ...this.where,
        block_id: block.block_id,
        action_id: element.action_id,
        value,
      });
    } catch (error) {
      this.desk.complain(`No suggestions: ${error.message}`);
      return {};
    }
  }
}
