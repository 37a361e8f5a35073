// The form of the calculator: it reads what is typed, computes, shows the figures, and keeps the settings in the address.

const FACTS = JSON.parse(document.getElementById("facts").textContent), FORM = FACTS.form;

{
  const page = openedFacts(FACTS), form = document.getElementById("form"), fields = form.elements;
  const texts = Object.keys(FORM.fields), selects = ["kind", "hw", "region", "rent", "precision"];
  const DOING = { pretrain: "Training", finetune: "Fine-tuning", lora: "Fine-tuning by adapters" };
  const listed = { hw: page.hardware, region: page.places };
  const chosen = name => listed[name].findIndex(item => item.id === fields[name].value);
  const holder = name => form.querySelector(`[data-for="${name}"]`);
  const hints = Object.fromEntries(texts.map(name => [name, holder(name).querySelector(".hint").textContent]));

  for (const [name, items] of Object.entries(listed)) {
    const groups = new Map([["", fields[name]]]);
    for (const { id, name: words, group } of items) {
      if (!groups.has(group)) {
        const parent = document.createElement("optgroup");
        parent.label = group;
        fields[name].append(parent);
        groups.set(group, parent);
      }
      groups.get(group).append(new Option(words, id));
    }
  }

  // Say beside a field what is wrong with it, or else how to write it.
  const mark = (name, error, hint) => {
    const place = holder(name).querySelector(".hint");
    holder(name).classList.toggle("wrong", Boolean(error));
    fields[name].setAttribute("aria-invalid", String(Boolean(error)));
    put(place, error || hint || hints[name] || "");
  };

  // What is asked, null where a field is wrong or missing.
  const asked = () => {
    const isHours = fields.by.value === "hours", read = {};
    const isShown = name => !holder(name).dataset.shown || holder(name).dataset.shown === fields.by.value;
    let isRight = true;
    for (const name of texts) {
      if (!isShown(name)) continue;
      const found = readField(fields[name].value, FORM.fields[name], name);
      if (!found.value && !found.error && ["params", "tokens", "accelerator_hours"].includes(name)) found.error = `needed; ${FORM.fields[name].spelling}`;
      mark(name, found.error, warningOf(name, found.value, read));
      isRight &&= !found.error;
      read[name] = found.value || null;
    }
    if (read.active_params && read.params && read.active_params.median > read.params.median) {
      mark("active_params", "more than all parameters");
      isRight = false;
    }
    if (!isRight) return null;
    const stated = Object.fromEntries(["mfu", "pue", "carbon_intensity", "electricity_price", "rent_price"].filter(name => read[name]).map(name => [name, read[name]]));
    return {
      hw: chosen("hw"), region: chosen("region"), kind: fields.kind.value, rent: fields.rent.value, precision: fields.precision.value,
      accelerators: read.accelerators ? read.accelerators.median : null, params: read.params || null, active: read.active_params || null, tokens: read.tokens || null,
      hours: isHours ? read.accelerator_hours : null, stated,
    };
  };

  const warningOf = (name, value, { params }) => {
    if (!value) return "";
    if ((name === "params" || name === "tokens") && value.median < 1000) return "very few: is a suffix missing, as in 7B or 1.4T?";
    return name === "tokens" && params && fields.kind.value === "pretrain" && value.median < params.median ? "fewer tokens than parameters: 20 or more a parameter are usual" : "";
  };

  // Only the number formats of the chosen hardware can be chosen.
  const offerPrecisions = () => {
    const { name, modes } = page.hardware[chosen("hw")];
    for (const option of fields.precision.options) option.disabled = option.value !== "" && !(option.value in modes);
    const isMissing = fields.precision.selectedOptions[0].disabled, lost = fields.precision.value;
    if (isMissing) fields.precision.value = "";
    mark("precision", "", isMissing ? `${name} has no ${lost} rate` : "");
  };

  const rangeOf = ({ low, high }) => (low < high ? ` (${rounded(100 * low, 2)} – ${rounded(100 * high, 2)})` : "");

  // A quantity as text; FLOP have no scale but their exponent.
  const words = (value, unit) => {
    if (!value) return "not known";
    if (unit === "") return `${rounded(100 * value.median, 3)} %${rangeOf(interval(value, page.z))}`;
    return unit === "FLOP" ? `${value.median.toExponential(2)} FLOP` : shown(interval(value, page.z), unit, ["USD", 1]);
  };
  const part = (name, values) => words(values[name], page.units[name]);
  const counted = value => words(value, "count");

  // What is trained, on what and where.
  const described = (question, values) => {
    const { name, each } = page.hardware[question.hw], { name: place } = page.places[question.region], n = values.accelerators;
    const number = n ? `${counted(n)} ${each > 1 ? "accelerators of" : "×"} ` : "";
    const work = question.hours
      ? `A training of ${counted(question.hours)} GPU-hours`
      : `${DOING[question.kind]} ${counted(question.params)} parameters on ${counted(question.tokens)} tokens`;
    return `${work} on ${number}${name}${question.region ? ` in ${place}` : ""}`;
  };

  const stateOf = (question, values) => {
    const n = question.accelerators, isMore = n && values.accelerators.median > n;
    const more = isMore ? ` The training does not fit in the memory of ${rounded(n, 4)}: the figures are for ${rounded(values.accelerators.median, 4)}, the fewest that hold it.` : "";
    return `${described(question, values)}.${more}`;
  };

  const notesOf = (question, values) => {
    const { name } = page.hardware[question.hw], notes = [];
    if (!question.hours && !question.stated.mfu && !modeOf(page, question).alike) notes.push("No published run is like this one: the utilisation is a guess, so state it if you know it.");
    if (!values.rent_usd) notes.push(`No ${fields.rent.selectedOptions[0].textContent.toLowerCase()} price of ${name} is known: state the rent of one GPU.`);
    if (!values.accelerators) notes.push("Give a number of GPUs for the time.");
    if (!values.facility_energy_kwh) notes.push(`No power of ${name} is known, so energy, CO2e and water are not.`);
    if (!question.region) notes.push("No place is named: carbon, water and the price of electricity are those of all grids.");
    return notes;
  };

  // The settings as the address states them: what was typed, and what was chosen.
  const settings = () => {
    const kept = new URLSearchParams(), isHours = fields.by.value === "hours";
    for (const name of [...texts, ...selects]) {
      const only = holder(name).dataset.shown, value = fields[name].value.trim();
      const isUsual = name === "kind" ? value === "pretrain" : name === "rent" ? value === "on_demand" : value === "";
      if (!isUsual && (!only || only === (isHours ? "hours" : "tokens"))) kept.set(name, value);
    }
    return kept;
  };

  const option = (name, value) => `--${name.replaceAll("_", "-")} ${/^[\w.:+-]+$/.test(value) ? value : `'${value.replaceAll("'", "")}'`}`;
  const link = () => `${location.protocol === "file:" ? location.pathname.split("/").pop() : location.href.split("#")[0]}#${settings()}`;

  const paste = (question, values) => {
    const set = (name, text) => { document.getElementById(`p-${name}`).value = text; };
    set("link", values ? link() : "");
    set("command", values ? `carbon estimate ${[...settings()].map(([name, value]) => option(name, value)).join(" ")}` : "");
    if (!values) return set("sentence", "");
    const verbs = [["duration_s", "take", ""], ["rent_usd", "cost", " to rent"], ["facility_energy_kwh", "use", " of electricity"], ["total_kgco2e", "emit", " of CO2e"], ["water_l", "consume", " of water"]];
    const parts = verbs.filter(([name]) => values[name]).map(([name, verb, rest]) => {
      const [median, range] = part(name, values).split(" (");
      return `${verb} ${median}${rest}${range ? ` (${range}` : ""}`;
    });
    const list = parts.length > 1 ? `${parts.slice(0, -1).join(", ")} and ${parts[parts.length - 1]}` : parts.join("");
    set("sentence", `${described(question, values)} is expected to ${list}. In brackets: 90 % intervals. Estimated with carbon ${page.version}, ${link()}`);
  };

  const show = () => {
    for (const each of form.querySelectorAll("[data-shown]")) each.hidden = each.dataset.shown !== fields.by.value;
    offerPrecisions();
    const question = asked(), values = question && calculated(page, question);
    for (const name of Object.keys(page.units)) {
      const text = values ? part(name, values) : "–", [median, range = ""] = text.split(" (");
      for (const place of document.querySelectorAll(`[data-figure="${name}"]`)) put(place, unbroken(text));
      const card = document.querySelector(`[data-card="${name}"]`);
      if (!card) continue;
      put(card.querySelector(".value"), unbroken(median));
      put(card.querySelector(".bounds"), unbroken(range.replace(")", "")));
    }
    put(document.querySelector(".state"), values ? stateOf(question, values) : "Mend the marked fields to see the figures.");
    const notes = values ? notesOf(question, values) : [];
    document.getElementById("notes").replaceChildren(...notes.map(note => Object.assign(document.createElement("li"), { textContent: note })));
    paste(question, values);
  };

  // Set the form as an address says; what the page does not know stays as it was at first.
  const read = given => {
    fields.by.value = given.has("accelerator_hours") && !given.has("params") ? "hours" : "tokens";
    for (const name of texts) fields[name].value = (given.get(name) || "").slice(0, fields[name].maxLength);
    for (const name of selects) {
      const value = (given.get(name) || "").toLowerCase(), found = [...fields[name].options].find(each => [each.value, each.text].some(text => text.toLowerCase() === value));
      if (found) fields[name].value = found.value;
      else fields[name].selectedIndex = [...fields[name].options].findIndex(each => each.defaultSelected || each.value === FACTS.start[name]);
      if (fields[name].selectedIndex < 0) fields[name].selectedIndex = 0;
      mark(name, given.has(name) && !found ? "the link names one that is not known here" : "");
    }
    for (const name of ["mfu", "pue", "carbon_intensity", "electricity_price", "rent_price", "active_params"]) if (given.has(name)) form.querySelector(".known").open = true;
    show();
  };

  let resting = 0;
  const changed = event => {
    if (selects.includes(event.target.name)) mark(event.target.name, "");
    show();
    clearTimeout(resting); // browsers limit how often a page changes its address, and a screen reader hears the results once the reader rests
    resting = setTimeout(() => {
      history.replaceState(null, "", `#${settings()}`);
      announce([...document.querySelectorAll("[data-card]")].map(card => `${card.querySelector(".label").textContent} ${card.querySelector(".value").textContent}`).join(", "));
    }, 500);
  };

  const readAddress = () => {
    if (location.hash.includes("=")) read(new URLSearchParams(location.hash.slice(1)));
  };

  for (const button of document.querySelectorAll("[data-copy]")) {
    button.addEventListener("click", () => {
      const area = document.getElementById(button.dataset.copy);
      area.select();
      if (navigator.clipboard) navigator.clipboard.writeText(area.value).catch(() => document.execCommand("copy"));
      else document.execCommand("copy");
      announce("Copied");
    });
  }
  form.addEventListener("input", changed);
  form.addEventListener("submit", event => event.preventDefault());
  form.addEventListener("reset", event => {
    event.preventDefault();
    read(new URLSearchParams(FACTS.start));
    history.replaceState(null, "", "#");
  });
  addEventListener("hashchange", readAddress);
  document.body.classList.add("live");
  read(new URLSearchParams(FACTS.start));
  readAddress();
}
