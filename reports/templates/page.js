// Redraws the still charts with Vega, those in sight first, at the width that the reader has.
async function unpacked(id) {
  const bytes = Uint8Array.from(atob(document.getElementById(id).textContent), (c) => c.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip")));
}
const { charts, datasets, config } = await (await unpacked("charts")).json();
const tip = document.createElement("div");
tip.className = "tip";
tip.setAttribute("aria-hidden", "true");
tip.hidden = true;
document.body.append(tip);

function showTip(handler, event, item, value) {
  if (value === null || typeof value !== "object") {
    tip.hidden = true;
    return;
  }
  const list = document.createElement("dl");
  for (const [name, text] of Object.entries(value)) {
    const term = document.createElement("dt");
    const word = document.createElement("dd");
    term.textContent = name;
    word.textContent = text;
    list.append(term, word);
  }
  tip.replaceChildren(list);
  tip.hidden = false;
  const box = tip.getBoundingClientRect();
  const left = Math.min(event.clientX + 14, window.innerWidth - box.width - 8);
  const above = event.clientY - box.height - 12;
  tip.style.left = `${Math.max(left, 8)}px`;
  tip.style.top = `${above < 8 ? event.clientY + 18 : above}px`;
}

async function draw(chart) {
  const width = Math.floor(chart.clientWidth);
  if (width === 0 || Number(chart.dataset.width) === width) return;
  chart.dataset.width = width;
  const sizes = charts[chart.dataset.chart];
  const spec = sizes.any ?? (width < 560 ? sizes.narrow : sizes.wide);
  const place = document.createElement("div");
  place.className = "live drawing";
  chart.append(place);
  const plot = width - spec.padding.left - spec.padding.right;
  const height = spec.height * (chart.closest(".large") ? 2 : 1);
  const made = await window.vegaEmbed(place, { ...spec, width: plot, height, config, datasets }, {
    actions: false, ast: true, defaultStyle: false, renderer: "svg", tooltip: showTip,
  });
  made.view.container().querySelector("svg").setAttribute("aria-hidden", "true");
  chart.querySelector(".live:not(.drawing)")?.remove();
  chart.views?.finalize();
  chart.views = made;
  if (chart.dataset.chosen) await made.view.signal("chosen", chart.dataset.chosen).runAsync();
  if (spec.usermeta && !chart.previousElementSibling?.matches(".filter")) offer(chart, spec.usermeta.parts);
  place.classList.remove("drawing");
  chart.dataset.live = "true";
}

// Buttons that leave one part of a chart in full colour, or all of them.
function offer(chart, parts) {
  const bar = document.createElement("p");
  bar.className = "filter";
  bar.setAttribute("role", "group");
  bar.setAttribute("aria-label", "Pick out one part of the chart");
  for (const part of parts) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = part;
    button.setAttribute("aria-pressed", "false");
    button.addEventListener("click", () => {
      const chosen = chart.dataset.chosen === part ? "" : part;
      chart.dataset.chosen = chosen;
      for (const one of bar.children) one.setAttribute("aria-pressed", String(one.textContent === chosen));
      chart.views.view.signal("chosen", chosen).runAsync();
    });
    bar.append(button);
  }
  chart.before(bar);
}

// A small chart can be had over the whole width.
for (const panel of document.querySelectorAll(".panel")) {
  const title = panel.querySelector("h4");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "enlarge";
  button.setAttribute("aria-label", `Enlarge: ${title.firstElementChild.textContent}`);
  button.setAttribute("aria-pressed", "false");
  button.addEventListener("click", () => {
    button.setAttribute("aria-pressed", String(panel.classList.toggle("large")));
  });
  title.after(button);
}

for (const link of document.querySelectorAll(".download a")) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Copy";
  button.setAttribute("aria-live", "polite");
  button.addEventListener("click", async () => {
    const text = decodeURIComponent(link.href.slice(link.href.indexOf(",") + 1));
    // a page that came over plain http has no clipboard
    const done = await navigator.clipboard?.writeText(text).then(() => true, () => false);
    button.textContent = done ? "Copied" : "Not copied: download it";
  });
  link.after(" ", button);
}

let queue = Promise.resolve();
function ask(chart) {
  queue = queue
    .then(() => new Promise((next) => setTimeout(next)))
    .then(() => draw(chart))
    .catch((error) => {
      chart.querySelector(".drawing")?.remove();
      console.error(error);
    });
}

requestAnimationFrame(() => setTimeout(async () => {
  const vega = document.createElement("script");
  vega.textContent = await (await unpacked("vega")).text();
  document.body.append(vega);
  vega.remove();
  window.quarterdeckVega();
  const all = [...document.querySelectorAll("[data-chart]")];
  const near = all.filter((chart) => chart.getBoundingClientRect().top < 2 * window.innerHeight);
  const told = (name) => { queue = queue.then(() => { document.documentElement.dataset[name] = Math.round(performance.now()); }); };
  near.forEach(ask);
  told("ready"); // what is in sight; the rest follows, and is there as a still picture meanwhile
  all.forEach(ask);
  told("drawn");
  const watch = new ResizeObserver((entries) => entries.forEach((entry) => ask(entry.target)));
  all.forEach((chart) => watch.observe(chart));
}));
addEventListener("scroll", () => { tip.hidden = true; }, { passive: true });
