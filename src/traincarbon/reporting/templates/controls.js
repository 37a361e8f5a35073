// The panels in which a reader changes the inputs: they read the controls, compute the results, show them and keep the address.

// Describe the setting of a control.
function described(control) {
  const label = control.closest("p").querySelector("label").textContent;
  const value = control.tagName === "SELECT" ? control.selectedOptions[0].textContent : control.getAttribute("aria-valuetext") || control.value;
  return `${label} ${value.replaceAll(" %", "\u00a0%")}`;
}

// Where a value lies between the ends of an axis of a drawing.
function placeOn(axis, value) {
  const [first, last, low, high] = axis.split(" ", 4).map(Number), isLog = axis.endsWith("log");
  const share = isLog ? Math.log(Math.max(value, low) / low) / Math.log(high / low) : (value - low) / (high - low);
  return first + Math.min(Math.max(share, 0), 1) * (last - first);
}

// The mark of a result on an axis of a drawing: its median as a line across, its interval as a band.
function setMark(svg, along, bounds) {
  const across = along === "x" ? "y" : "x", [from, to] = svg.dataset[across].split(" ").map(Number);
  const mark = document.createElementNS("http://www.w3.org/2000/svg", "path");
  const [low, median, high] = [bounds.low, bounds.median, bounds.high].map(value => placeOn(svg.dataset[along], value));
  const middle = (from + to) / 2, path = along === "x" ? ["M", median, from, "V", to, "M", low, middle, "H", high] : ["M", from, median, "H", to];
  mark.setAttribute("class", "ch-set");
  mark.setAttribute("d", path.join(" "));
  return mark;
}

class Panel {
  constructor(section) {
    this.section = section;
    this.id = section.id.replace("-what-if", "");
    this.form = section.querySelector("form");
    this.page = opened(JSON.parse(section.querySelector(".data").textContent));
    this.controls = [...this.form.elements].filter(control => control.name);
    this.plan = resultsOf(this.page, {});
    this.set = {};
    this.form.addEventListener("input", event => this.take(event.target));
    this.form.addEventListener("submit", event => event.preventDefault());
    this.form.addEventListener("reset", event => {
      event.preventDefault();
      this.take(null);
    });
    this.section.classList.add("live");
  }

  take(control) {
    if (control === null) this.set = {};
    else if (control.value === "" || control.tagName === "SELECT" && control.value === "0") delete this.set[control.name];
    else if (control.name === "accelerators") this.set[control.name] = this.whole(Number(control.value), control);
    else if (control.type === "number") this.set[control.name] = Math.min(Math.max(Number(control.value), Number(control.min)), Number(control.max));
    else this.set[control.name] = Number(control.value);
    this.show();
    keepAddress();
  }

  // Accelerators come in whole servers.
  whole(number, control) {
    const { each } = this.page.hardware[this.set.hw || 0];
    return Math.min(Math.max(Math.round(number / each), 1) * each, Math.floor(Number(control.max) / each) * each);
  }

  // Read the settings of an address; invalid ones stay as in the plan.
  read(fields) {
    this.set = {};
    for (const control of this.controls) {
      const text = fields.get(`${this.id}.${control.name}`), value = Number(text);
      if (text === null || text === "" || !Number.isFinite(value)) continue;
      if (control.name === "accelerators" && value > 0) this.set[control.name] = this.whole(value, control);
      else if (control.tagName === "SELECT" ? value >= 1 && value < control.options.length && Number.isInteger(value) : value >= Number(control.min) && value <= Number(control.max)) {
        this.set[control.name] = value;
      }
    }
    this.show();
  }

  show() {
    const found = resultsOf(this.page, this.set), isSet = Object.keys(this.set).length > 0;
    const inputs = inputsOf(this.page, this.set) || {};
    for (const control of this.controls) this.showControl(control, inputs, found);
    for (const [name, unit] of Object.entries(this.page.figures)) {
      const value = found && found[name], before = this.plan && this.plan[name];
      const words = value ? unbroken(shown(interval(value, this.page.z), unit, this.page.currency)) : "not known";
      for (const place of this.section.querySelectorAll(`[data-figure="${name}"]`)) put(place, words);
      this.showCard(name, isSet, words);
      const ratio = value && before ? value.median / before.median - 1 : 0;
      const change = Math.abs(ratio) < 5e-4 ? "" : ratio < 9 ? `${ratio > 0 ? "+" : "−"}${rounded(100 * Math.abs(ratio), 2)} %` : `× ${rounded(ratio + 1, 2)}`;
      put(this.section.querySelector(`[data-change="${name}"]`), change);
    }
    for (const [name, of] of Object.entries(this.page.returns.of)) this.showReturn(name, found && found[of]);
    this.section.classList.toggle("set", isSet);
    const setTo = isSet ? `Set: ${this.controls.filter(control => control.name in this.set).map(described).join(", ")}.` : "";
    const state = found ? [setTo, this.tooFew()].join(" ").trim() : "This hardware is not offered in this place, or not with this number format.";
    put(this.section.querySelector(".state"), state);
    this.showCharts(found, isSet);
    this.note(isSet, setTo);
  }

  showReturn(name, cost) {
    const left = cost && returnOf(this.page, interval(cost, this.page.z)), words = usd => signed(usd, this.page.currency);
    put(this.section.querySelector(`[data-figure="${name}"]`), left ? unbroken(`${words(left.median)} (${words(left.low)} to ${words(left.high)})`) : "not known");
  }

  // The five results of the first page follow; without settings they are as they were.
  showCard(name, isSet, words) {
    const card = document.querySelector(`#${this.id}-decision [data-card="${name}"]`);
    if (!card) return;
    const [value, bounds] = [card.querySelector(".value"), card.querySelector(".bounds")];
    card.stated ||= [...value.childNodes].map(node => node.cloneNode(true));
    card.range ||= bounds.textContent;
    card.classList.toggle("set", isSet);
    const [median, range = ""] = words.split(" (");
    if (isSet) {
      put(value, median);
      put(bounds, range.replace(")", ""));
    } else if (value.children.length === 0) {
      value.replaceChildren(...card.stated.map(node => node.cloneNode(true)));
      put(bounds, card.range);
    }
  }

  // The charts of the first page mark the result with these settings on the axis that shows it.
  showCharts(found, isSet) {
    for (const chart of document.querySelectorAll(`#${this.id}-decision [data-follows]`)) {
      const [name, along] = chart.dataset.follows.split(" "), value = isSet && found && found[name];
      for (const old of chart.querySelectorAll(".ch-set, .ch-set-note")) old.remove();
      if (!value) continue;
      const bounds = interval(value, this.page.z), note = document.createElement("p");
      note.className = "ch-note ch-set-note";
      const words = unbroken(shown(bounds, this.page.figures[name], this.page.currency));
      note.textContent = `With the settings: ${words}, marked in the chart.`;
      chart.querySelector(".ch-data").before(note);
      for (const svg of chart.querySelectorAll("svg")) svg.append(setMark(svg, along, bounds));
    }
  }

  // A shared link says at the top what is set; a screen reader hears the main results once the reader rests.
  note(isSet, setTo) {
    const note = document.querySelector(`#${this.id}-decision .set-note`);
    if (note) {
      note.hidden = !isSet;
      put(note, isSet ? `${setTo} The five results below and the marks in the charts are those with these settings; the box shows the plan as stated.` : "");
    }
    clearTimeout(this.resting);
    if (isSet) this.resting = setTimeout(() => announce([...this.section.querySelectorAll(".sticky li")].map(item => item.textContent).join(", ")), 800);
  }

  // Say if the training does not fit in memory; the results are those of the fewest accelerators that hold it, as in the package, or of the stated hours.
  tooFew() {
    const { each, words } = this.page.hardware[this.set.hw || 0], fewest = fewestOf(this.page, this.set), n = this.set.accelerators !== undefined ? this.set.accelerators : this.page.values.accelerators?.median;
    if (!n || !fewest || n >= fewest) return "";
    const held = rounded(Math.ceil(fewest / each) * each, 4);
    if (this.page.values.accelerator_hours_h) return `Does not fit on ${rounded(n, 4)}${words}: it takes about ${held}.`;
    return `Does not fit on ${rounded(n, 4)}${words}; the figures are for ${held}, the fewest that hold it.`;
  }

  showControl(control, inputs, found) {
    const value = this.set[control.name], isSet = value !== undefined;
    control.closest("p").classList.toggle("set", isSet);
    if (control.tagName === "SELECT") control.value = String(value || 0);
    else if (control.type === "number") {
      if (control.name === "accelerators") control.step = control.min = this.page.hardware[this.set.hw || 0].each;
      if (document.activeElement !== control) control.value = isSet ? value : control.defaultValue;
    }
    else {
      const stated = control.name === "mfu" && found && found.mfu || this.page.stated[control.name] || inputs[control.name];
      const current = isSet ? value : stated ? stated.median : Number(control.defaultValue);
      control.value = String(current);
      const text = control.dataset.before + rounded(current * Number(control.dataset.scale), 3) + control.dataset.after;
      put(control.closest("p").querySelector(".at"), text);
      control.setAttribute("aria-valuetext", text);
    }
  }
}

const panels = [...document.querySelectorAll("section[id$='-what-if']")].map(section => new Panel(section));

// Browsers limit how often a page changes its address, so a moved slider changes it once it rests.
let resting = 0;
function keepAddress() {
  clearTimeout(resting);
  resting = setTimeout(writeAddress, 200);
}

function writeAddress() {
  if (location.protocol === "about:") return; // in a notebook the address is not the page's own
  const fields = new URLSearchParams();
  for (const panel of panels) for (const [name, value] of Object.entries(panel.set)) fields.set(`${panel.id}.${name}`, value);
  const address = fields.toString();
  history.replaceState(null, "", address ? `#${address}` : "#");
}

function readAddress() {
  const fields = new URLSearchParams(location.hash.slice(1));
  if (!location.hash || location.hash.includes("=")) for (const panel of panels) panel.read(fields);
}

readAddress();
for (const panel of panels) panel.show();
addEventListener("hashchange", readAddress);
