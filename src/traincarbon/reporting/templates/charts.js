// Charts: what a mark says when a reader points at it or walks there with the arrow keys, and files of a chart to keep.
"use strict";

// A screen reader hears of one thing at a time: there is one live region on the page.
function announce(words) {
  document.getElementById("live").textContent = words;
}

// Make the charts and tables of a part of the page answer to a pointer, to keys and to clicks; a page that takes in new parts calls it again.
let prepare;

{
  const svgNames = "http://www.w3.org/2000/svg";
  const styled = ["fill", "stroke", "stroke-width", "stroke-dasharray", "stroke-linejoin", "opacity", "font-family", "font-size", "font-weight", "text-anchor", "paint-order"];
  const tip = document.createElement("div");
  tip.className = "tip";
  tip.hidden = true;

  const say = (chart, mark) => {
    for (const each of chart.querySelectorAll(".mark.on")) each.classList.remove("on");
    if (!mark) { tip.hidden = true; return; }
    mark.classList.add("on");
    chart.append(tip);
    tip.textContent = mark.dataset.tip;
    tip.hidden = false;
    const at = mark.getBoundingClientRect(), frame = chart.getBoundingClientRect();
    const left = Math.min(Math.max(at.left - frame.left, 0), Math.max(frame.width - tip.offsetWidth, 0));
    tip.style.left = `${left}px`;
    tip.style.top = `${at.top - frame.top - tip.offsetHeight - 4}px`;
  };

  // The drawing that is shown, with its colours and fonts written into its elements.
  const copyOf = svg => {
    const copy = svg.cloneNode(true), from = [svg, ...svg.querySelectorAll("*")], to = [copy, ...copy.querySelectorAll("*")];
    from.forEach((element, at) => {
      const style = getComputedStyle(element);
      for (const name of styled) to[at].setAttribute(name, style.getPropertyValue(name));
    });
    const [, , width, height] = svg.getAttribute("viewBox").split(" ").map(Number);
    const paper = document.createElementNS(svgNames, "rect");
    for (const [name, value] of [["width", width], ["height", height], ["fill", getComputedStyle(document.body).backgroundColor]]) paper.setAttribute(name, value);
    copy.prepend(paper);
    copy.setAttribute("xmlns", svgNames);
    return { text: new XMLSerializer().serializeToString(copy), width, height };
  };

  const savePng = (name, drawn) => {
    const picture = new Image(), scale = 2;
    picture.onload = () => {
      const canvas = document.createElement("canvas");
      canvas.width = scale * drawn.width;
      canvas.height = scale * drawn.height;
      canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
      save(name, canvas.toDataURL("image/png"));
    };
    picture.src = asFile(drawn.text, "image/svg+xml");
  };

  // Buttons that hide and show a series. On the first page they are among the files, so that a keyboard passes it in few steps.
  const showSeries = (chart, names) => {
    const row = document.createElement("div");
    row.className = "files shown";
    row.append("Show:");
    for (const name of names) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = name.replaceAll(" %", "\u00a0%");
      button.setAttribute("aria-pressed", "true");
      button.addEventListener("click", () => {
        const off = button.getAttribute("aria-pressed") === "true";
        button.setAttribute("aria-pressed", String(!off));
        for (const each of chart.querySelectorAll(".series")) if (each.dataset.name === name) each.classList.toggle("off", off);
      });
      row.append(button);
    }
    const data = chart.querySelector(".ch-data");
    if (chart.closest(".sheet")) data.append(row);
    else data.before(row);
  };

  const prepareChart = chart => {
    const shown = () => [...chart.querySelectorAll("svg")].find(svg => svg.getClientRects().length) || chart.querySelector("svg");
    for (const mark of chart.querySelectorAll(".mark")) {
      const title = mark.querySelector("title");
      mark.dataset.tip = title.textContent;
      title.remove();
      mark.addEventListener("pointerenter", () => say(chart, mark));
      mark.addEventListener("pointerleave", () => say(chart, null));
    }
    for (const svg of chart.querySelectorAll("svg")) {
      svg.setAttribute("tabindex", "0");
      svg.addEventListener("blur", () => say(chart, null));
      svg.addEventListener("keydown", event => {
        const marks = [...svg.querySelectorAll(".mark")].filter(mark => !mark.closest(".off")), at = marks.findIndex(mark => mark.classList.contains("on"));
        const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
        if (event.key === "Escape") say(chart, null);
        if (!step || !marks.length) return;
        event.preventDefault();
        const next = marks[Math.min(Math.max(at + step, 0), marks.length - 1)];
        say(chart, next);
        announce(next.dataset.tip);
      });
    }
    const files = document.createElement("div");
    files.className = "files";
    const kinds = {
      PNG: () => savePng(`${chart.id}.png`, copyOf(shown())),
      SVG: () => save(`${chart.id}.svg`, asFile(copyOf(shown()).text, "image/svg+xml")),
      CSV: () => saveTable(`${chart.id}.csv`, chart.querySelector("table")),
    };
    for (const [kind, make] of Object.entries(kinds)) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = kind;
      button.setAttribute("aria-label", `Save as ${kind}: ${chart.querySelector("figcaption").textContent}`);
      button.addEventListener("click", make);
      files.append(button);
    }
    chart.querySelector(".ch-data summary").after(files);
    const names = [...new Set([...chart.querySelectorAll(".series")].map(each => each.dataset.name))].filter(name => name);
    if (names.length > 1) showSeries(chart, names);
  };

  prepare = root => {
    root.querySelectorAll("figure.chart").forEach(prepareChart);
    root.querySelectorAll(".wide > table").forEach(prepareTable);
  };
  prepare(document);

  // A link into a closed part opens it.
  const openTarget = () => {
    const target = location.hash.length > 1 && !location.hash.includes("=") && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    for (let fold = target.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
    target.scrollIntoView();
  };
  addEventListener("hashchange", openTarget);
  openTarget();
}
