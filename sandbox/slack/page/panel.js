/** “What AWS does”: the endpoints of the AWS stand-in as they are now, and switches for what may go wrong. */

import { request } from "./api.js";
import { h, icon, plural, redraw } from "./dom.js";
import { IN_WORDS, KINDS } from "./scenarios.js";

const LOOK_AGAIN_MS = 1000;

const GOOD = new Set(["InService"]);
const BAD = new Set(["Failed", "OutOfService", "UpdateRollbackFailed"]);

export class Panel {
  /**
   * @param {HTMLElement} node the landmark to fill
   * @param {HTMLButtonElement} toggle shown once the AWS stand-in's address is known
   */
  constructor(node, toggle) {
    Object.assign(this, { node, toggle, address: null, timer: null, chosen: "", isBusy: false });
    this.problem = h("p", { class: "warning", role: "status", hidden: true });
    this.endpoints = h("div", {});
    this.switches = h("div", {});
    toggle.append(icon("cloud"), h("span", { class: "toggle-label" }, "What AWS does"));
    toggle.setAttribute("aria-label", "What AWS does");
    toggle.addEventListener("click", () => (node.hidden ? this.open() : this.close()));
    node.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      this.close();
    });
    node.append(
      h(
        "header",
        { class: "column-head" },
        h(
          "div",
          { class: "column-title" },
          h("h2", {}, "What AWS does"),
          h("p", { class: "subtle" }, "The pretended account, live"),
        ),
        h(
          "button",
          {
            type: "button",
            class: "button button-icon",
            "aria-label": "Close this panel",
            onclick: () => this.close(),
          },
          icon("close"),
        ),
      ),
      h("div", { class: "scroller panel-body" }, this.problem, this.endpoints, this.switches),
    );
  }

  /** Takes the address of the AWS stand-in; null hides the panel. */
  connect(address) {
    this.address = address?.replace(/\/$/, "") ?? null;
    this.toggle.hidden = !this.address;
    if (!this.address && !this.node.hidden) this.close();
  }

  open() {
    this.node.hidden = false;
    this.toggle.setAttribute("aria-expanded", "true");
    document.body.classList.add("has-panel");
    this.node.querySelector("button").focus();
    this.#look();
  }

  close() {
    this.node.hidden = true;
    this.toggle.setAttribute("aria-expanded", "false");
    document.body.classList.remove("has-panel");
    clearTimeout(this.timer);
    this.toggle.focus();
  }

  async #look() {
    clearTimeout(this.timer);
    try {
      const [{ endpoints }, scenarios] = await Promise.all([
        request(`${this.address}/sandbox/endpoints`),
        request(`${this.address}/sandbox/scenarios`),
      ]);
      this.problem.hidden = true;
      this.#draw(endpoints, scenarios);
    } catch (error) {
      this.#complain(`The AWS stand-in does not answer (${error.message}).`);
    }
    if (!this.node.hidden) this.timer = setTimeout(() => this.#look(), LOOK_AGAIN_MS);
  }

  #complain(text) {
    this.problem.textContent = text;
    this.problem.hidden = false;
  }

  #draw(endpoints, scenarios) {
    const shown = Object.values(endpoints).map(({ description }) => summary(description));
    redraw(this.endpoints, shown, () => [
      h("h3", {}, "Endpoints"),
      h("ul", { class: "aws-endpoints" }, shown.map(endpointNode)),
    ]);
    redraw(this.switches, [scenarios, Object.keys(endpoints), this.chosen], () =>
      this.#switchNodes(scenarios, Object.keys(endpoints)),
    );
  }

  #switchNodes({ available, active }, names) {
    const choose = h(
      "select",
      {
        id: "aws-endpoint",
        class: "field",
        "data-key": "aws-endpoint",
        onchange: (event) => this.#choose(event.target.value),
      },
      h("option", { value: "" }, "every endpoint"),
      names.map((name) => h("option", { value: name }, name)),
    );
    choose.value = this.chosen;
    return [
      active.length > 0 && [
        h("h3", {}, "Switched on"),
        h(
          "ul",
          { class: "aws-switches" },
          active.map((each) => this.#activeNode(each)),
        ),
      ],
      h("h3", {}, "Let something happen"),
      h("label", { class: "label", for: "aws-endpoint" }, "To"),
      choose,
      KINDS.map(([kind, title]) => [
        h("h4", {}, title),
        h(
          "ul",
          { class: "aws-switches" },
          available.filter((each) => each.kind === kind).map((each) => this.#switchNode(each)),
        ),
      ]),
    ];
  }

  #activeNode({ id, name, endpoint, title }) {
    return h(
      "li",
      {},
      h("span", {}, IN_WORDS[name]?.text ?? title, h("small", {}, endpoint ?? "every endpoint")),
      h(
        "button",
        {
          type: "button",
          class: "button",
          "data-key": `off/${id}`,
          "aria-label": `Switch off: ${IN_WORDS[name]?.text ?? title}`,
          onclick: () => this.#send(`scenario?id=${id}`, "DELETE"),
        },
        "Off",
      ),
    );
  }

  #switchNode({ name, title, description, needs_endpoint: needsEndpoint, kind }) {
    const { text = `${title}: ${description}`, params = {} } = IN_WORDS[name] ?? {};
    const isUnclear = needsEndpoint && !this.chosen;
    const verb = kind === "event" ? "Do" : "On";
    return h(
      "li",
      {},
      h("span", {}, text, isUnclear && h("small", {}, "choose one endpoint first")),
      h(
        "button",
        {
          type: "button",
          class: "button",
          "data-key": `on/${name}`,
          disabled: isUnclear,
          "aria-label": `${kind === "event" ? "Let it happen" : "Switch on"}: ${text}`,
          onclick: () =>
            this.#send("scenario", "POST", { name, ...(this.chosen && { endpoint: this.chosen }), params }),
        },
        verb,
      ),
    );
  }

  #choose(name) {
    this.chosen = name;
    this.#look();
  }

  async #send(path, method, body) {
    try {
      const response = await fetch(`${this.address}/sandbox/${path}`, {
        method,
        headers: { "Content-Type": "application/json" },
        body: body && JSON.stringify(body),
      });
      if (!response.ok) throw new Error((await response.json()).error);
    } catch (error) {
      this.toggle.dispatchEvent(
        new CustomEvent("problem", { bubbles: true, detail: `AWS did not do that: ${error.message}` }),
      );
    }
    this.#look();
  }
}

/** What the panel shows of a DescribeEndpoint answer. */
function summary(description) {
  const {
    EndpointName: name,
    EndpointStatus: status,
    EndpointConfigName: config,
    FailureReason: failure,
    PendingDeploymentSummary: pending,
  } = description;
  return {
    name,
    status,
    config,
    failure,
    variants: (description.ProductionVariants ?? []).map(variantLine),
    pending: pending && pendingLines(pending),
  };
}

function variantLine(variant) {
  const serverless = variant.CurrentServerlessConfig;
  if (serverless) return `${variant.VariantName}: serverless, ${serverless.MemorySizeInMB} MB`;
  const { CurrentInstanceCount: current = 0, DesiredInstanceCount: desired = current } = variant;
  const wanted = plural(desired, "instance");
  return `${variant.VariantName}: ${current === desired ? wanted : `${current} of ${wanted}`}`;
}

function pendingLines(pending) {
  const stages = (pending.ProductionVariants ?? []).map((variant) => {
    const said = variant.VariantStatus?.at(-1);
    const stage = said && [said.Status, said.StatusMessage].filter(Boolean).join(": ");
    return [variantLine(variant), stage].filter(Boolean).join(", ");
  });
  return { config: pending.EndpointConfigName, stages };
}

function endpointNode({ name, status, config, failure, variants, pending }) {
  const tone = GOOD.has(status) ? "good" : BAD.has(status) ? "bad" : "busy";
  return h(
    "li",
    {},
    h("p", { class: "aws-name" }, h("strong", {}, name), " ", h("span", { class: `pill pill-${tone}` }, status)),
    h("p", { class: "subtle" }, config),
    variants.map((line) => h("p", { class: "subtle" }, line)),
    pending &&
      h(
        "div",
        { class: "aws-pending" },
        h("p", {}, `→ ${pending.config}`),
        pending.stages.map((line) => h("p", { class: "subtle" }, line)),
      ),
    failure && h("p", { class: "field-error" }, failure),
  );
}
