// Runs inside the page: the checks of an accessibility tool that matter here. Answers a list of complaints.
() => {
  const complaints = [];
  const seen = (node) => node.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  const all = (selector) => [...document.querySelectorAll(selector)].filter(seen);
  const show = (node) => node.outerHTML.slice(0, 110);
  const text = (ids) => (ids ?? "").split(/\s+/).map((id) => document.getElementById(id)?.textContent ?? "").join(" ").trim();
  const nameOf = (node) =>
    text(node.getAttribute("aria-labelledby")) || node.ariaLabel || [...(node.labels ?? [])].map((each) => each.textContent).join(" ").trim()
    || (/^(BUTTON|A|SUMMARY)$/.test(node.tagName) && (node.textContent.trim() || node.querySelector("img")?.alt)) || "";

  if (document.querySelectorAll("h1").length !== 1) complaints.push("there must be one h1");
  if (!document.documentElement.lang || !document.title) complaints.push("language and title are needed");
  if (document.querySelectorAll("main").length !== 1) complaints.push("there must be one main");
  for (const node of all("button, a[href], input, select, textarea, [role=button], [role=menuitem], dialog, aside, nav, main, article, [role=region]")) {
    if (!nameOf(node)) complaints.push(`no name: ${show(node)}`);
  }
  for (const node of all("img")) if (!node.hasAttribute("alt")) complaints.push(`no alternative text: ${show(node)}`);
  const ids = [...document.querySelectorAll("[id]")].map((node) => node.id);
  for (const id of new Set(ids.filter((each, index) => ids.indexOf(each) !== index))) complaints.push(`id twice: ${id}`);
  for (const node of document.querySelectorAll("[aria-labelledby], [aria-describedby], [aria-controls]")) {
    for (const name of ["aria-labelledby", "aria-describedby", "aria-controls"]) {
      for (const id of (node.getAttribute(name) ?? "").split(/\s+/).filter(Boolean)) {
        if (!document.getElementById(id)) complaints.push(`${name} leads nowhere: ${show(node)}`);
      }
    }
  }
  const levels = all("h1, h2, h3, h4, h5, h6").map((node) => Number(node.tagName[1]));
  if (levels.some((level, index) => index > 0 && level > levels[index - 1] + 2)) complaints.push(`headings skip levels: ${levels}`);

  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const over = (front, back) => front.slice(0, 3).map((value, index) => (value * front[3] + back[index] * (255 - front[3])) / 255);
  const ground = (node) => {
    if (!node) return rgba(getComputedStyle(document.body).backgroundColor).slice(0, 3);
    const colour = rgba(getComputedStyle(node).backgroundColor);
    return colour[3] === 255 ? colour.slice(0, 3) : over(colour, ground(node.parentElement));
  };
  const luminance = (colour) => {
    const [r, g, b] = colour.map((value) => value / 255).map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const open = document.querySelector("dialog[open]") ?? document.body;
  const words = document.createTreeWalker(open, NodeFilter.SHOW_TEXT);
  const judged = new Set();
  while (words.nextNode()) {
    const node = words.currentNode.parentElement;
    if (!words.currentNode.data.trim() || judged.has(node) || !seen(node) || node.closest(".visually-hidden, .skip, option, :disabled, noscript")) continue;
    judged.add(node);
    const behind = ground(node);
    const [light, dark] = [luminance(over(rgba(getComputedStyle(node).color), behind)), luminance(behind)].sort((a, b) => b - a);
    const contrast = (light + 0.05) / (dark + 0.05);
    if (contrast < 4.5) complaints.push(`contrast ${contrast.toFixed(2)}: ${show(node)}`);
  }
  return complaints;
}
