/**
 * Building elements. Everything that an app or a person wrote becomes a text node, never markup:
 * there is no innerHTML anywhere in this page.
 */

/**
 * Makes an element. `props` are attributes; `onclick` and the like are listeners, `dataset` is an object, and
 * false, null and undefined leave an attribute out.
 */
export function h(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (typeof value === "function") node.addEventListener(key.slice(2), value);
    else if (key === "dataset") Object.assign(node.dataset, value);
    else if (key === "value" || key === "checked" || key === "selected") node[key] = value;
    else node.setAttribute(key, value === true ? "" : String(value));
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** Several nodes as one. */
export function fragment(...children) {
  const result = document.createDocumentFragment();
  result.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return result;
}

/** The address if it is one that a message may link to, else null: `javascript:` and the like never become links. */
export function safeUrl(address) {
  try {
    const url = new URL(address);
    return ["http:", "https:", "mailto:", "tel:"].includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

/** A link that opens elsewhere; plain text if the address is not a safe one. */
export function link(address, ...label) {
  const href = safeUrl(address);
  return href ? h("a", { href, target: "_blank", rel: "noopener noreferrer" }, ...label) : h("span", {}, ...label);
}

/** "1 reply", "2 replies". */
export function plural(count, one, many = `${one}s`) {
  return `${count} ${count === 1 ? one : many}`;
}

let lastId = 0;

/** An id that no other element of this page has. */
export function uniqueId(prefix) {
  lastId += 1;
  return `${prefix}-${lastId}`;
}

/**
 * Runs `change`, which may replace elements in `container`, and puts the focus back to where it was: on the element with
 * the same `data-key`, or on the container when that element is gone (a button that has been answered).
 */
export function keepingFocus(container, change) {
  const focused = container.contains(document.activeElement) ? document.activeElement : null;
  const key = focused?.dataset.key;
  const selection = focused && "selectionStart" in focused ? [focused.selectionStart, focused.selectionEnd] : null;
  change();
  if (!focused || focused.isConnected) return;
  const same = key && container.querySelector(`[data-key="${CSS.escape(key)}"]`);
  (same || container).focus({ preventScroll: true });
  if (same && selection && selection[0] !== null) same.setSelectionRange?.(...selection);
}

const SVG = "http://www.w3.org/2000/svg";
const ICONS = {
  slash: "M10 2.5 6 13.5",
  hash: "M6 2 4.5 14M11.5 2 10 14M2.5 5.5h12M1.5 10.5h12",
  lock: "M4 7.5h8v6H4zM5.5 7.5V5a2.5 2.5 0 0 1 5 0v2.5",
  back: "M10 3 5 8l5 5",
  close: "m3.5 3.5 9 9m0-9-9 9",
  send: "M2.5 13.5 14 8 2.5 2.5 4 8zM4 8h5",
  cloud: "M4.5 12.5a3 3 0 0 1-.3-6 4 4 0 0 1 7.7.8 2.6 2.6 0 0 1-.4 5.2z",
  more: "M3.5 8h.01M8 8h.01M12.5 8h.01",
  reply: "M6.5 4 3 7.5 6.5 11M3 7.5h6.5a3.5 3.5 0 0 1 3.5 3.5v1.5",
  done: "m3 8.5 3.5 3.5L13 4.5",
  failed: "M8 4v5M8 12h.01",
  file: "M4 2h5l3 3v9H4zM9 2v3h3",
};

/** A small line drawing; decorative, so hidden from screen readers. */
export function icon(name) {
  return shape(`icon icon-${name}`, { d: ICONS[name] });
}

/** A drawing of 16 by 16 units, from the attributes of its paths. */
export function shape(look, ...paths) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("class", look);
  svg.setAttribute("aria-hidden", "true");
  for (const attributes of paths.filter(Boolean)) {
    const path = document.createElementNS(SVG, "path");
    for (const [key, value] of Object.entries(attributes)) path.setAttribute(key, value);
    svg.append(path);
  }
  return svg;
}

const signatures = new WeakMap();

/**
 * Fills `node` with what `build` returns, unless `signature` (any JSON value) is the same as the last time. Keeps the focus.
 */
export function redraw(node, signature, build) {
  const mark = JSON.stringify(signature);
  if (signatures.get(node) === mark) return;
  signatures.set(node, mark);
  keepingFocus(node, () => node.replaceChildren(fragment(build())));
}
