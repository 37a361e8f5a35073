// What the calculator computes: the facts of what is chosen, and the chain of an estimate over them.

const ADAPTED = rowsOf(ADAPTER_LINKS), TRAINED = rowsOf(WORK_LINKS), STATE = rowsOf(MEMORY_LINKS);

// The data of the page, with its rows as objects and its numbers as uncertain values.
function openedFacts(data) {
  const hardware = data.hardware.map(([id, name, group, each, facts, rents, usual, modes]) => ({ id, name, group, each, facts, rents, usual, modes }));
  const places = data.places.map(([id, name, group, provider, facts]) => ({ id, name, group, provider, facts }));
  const modes = data.modes.map(([facts, mfu, alike]) => ({ facts, mfu, alike }));
  const pool = data.pool.map(([median, spreads]) => ({ median, spreads: spreads === undefined ? {} : data.spreads[spreads] }));
  return { ...data, hardware, places, modes, pool };
}

// The rent: of the provider whose region is chosen if it sells there, else of the market; few accelerators have a price of their own.
function rentOf(page, asked) {
  const { rents } = page.hardware[asked.hw], place = page.places[asked.region], sold = page.rents[rents][asked.rent];
  if (!sold) return null;
  const regions = sold[place.provider] || sold[""];
  if (!regions) return null;
  const prices = place.id in regions ? regions[place.id] : regions["*"];
  const few = asked.accelerators && asked.accelerators < prices.length ? asked.accelerators : 0;
  const at = typeof prices === "number" ? prices : prices[few];
  return page.pool[at] || null;
}

// How the chosen hardware trains: its number format, the kind of training, and whether the model is a mixture of experts.
function modeOf(page, asked) {
  const { modes, usual } = page.hardware[asked.hw], mode = page.modes[modes[asked.precision || usual]];
  const at = 2 * page.kinds.indexOf(asked.kind) + Number(Boolean(asked.active) && asked.active.median !== asked.params.median);
  return { facts: mode.facts, mfu: page.pool[mode.mfu[at]] || null, alike: mode.alike[at] };
}

// Every fact about what is chosen, by name.
function factsOf(page, asked) {
  const mode = modeOf(page, asked), facts = { mfu: mode.mfu, rent_price: rentOf(page, asked) };
  const rows = { hardware: page.rows[page.hardware[asked.hw].facts], precision: mode.facts, place: page.rows[page.places[asked.region].facts] };
  for (const [part, names] of Object.entries(page.names)) names.forEach((name, at) => { facts[name] = page.pool[rows[part][at]] || null; });
  return facts;
}

// Every result of an estimate, null where it is unknown. What is asked: hw, region, precision, kind and rent as chosen, accelerators as a number,
// params, active and tokens, or hours, as uncertain values, and stated, the inputs that replace facts.
function calculated(page, asked) {
  const facts = factsOf(page, asked), { each } = page.hardware[asked.hw];
  const known = name => (name in values ? values[name] : asked.stated[name] || facts[name] || null);
  const stated = name => name in asked.stated || (name === "accelerator_hours" && Boolean(asked.hours));
  const values = { accelerator_count: exact(each), accelerators: asked.accelerators ? exact(asked.accelerators) : null };
  if (asked.hours) Object.assign(values, { accelerator_hours_h: asked.hours, compute_flop: null, mfu: null });
  else {
    const active = asked.active || asked.params, isAdapted = asked.kind === "lora", share = exact(page.adapter_share);
    Object.assign(values, { params: asked.params, active_params: active, tokens: asked.tokens, median_active_params: exact(active.median) });
    if (active.median !== asked.params.median) values.params_per_active = exact(asked.params.median / active.median);
    values.trainable_params = OPERATIONS["×"](active, share);
    values.updated_params = isAdapted ? OPERATIONS["×"](asked.params, share) : asked.params;
    walk(values, known, stated, isAdapted ? ADAPTED : TRAINED);
    walk(values, known, stated, STATE);
    const fewest = values.fewest_accelerators ? values.fewest_accelerators.median : 0;
    if (asked.accelerators && asked.accelerators < fewest) values.accelerators = exact(Math.ceil(fewest / each) * each);
    values.mfu = asked.stated.mfu || facts.mfu;
  }
  return walk(values, known, stated);
}
