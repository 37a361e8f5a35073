// The chain in the browser: evaluates the equation texts of LINKS on uncertain values. It holds no formula of its own.
"use strict";

const exact = median => ({ median, spreads: {} });
const combine = (a, b, wa, wb) => {
  const spreads = {};
  for (const name in a) spreads[name] = wa * a[name];
  for (const name in b) spreads[name] = (spreads[name] || 0) + wb * b[name];
  return spreads;
};
const sum = (a, b, sign) => {
  const median = a.median + sign * b.median, share = median ? a.median / median : 0;
  return { median, spreads: combine(a.spreads, b.spreads, share, 1 - share) };
};
// Products add spreads by name, sums weigh them by share, and bounds leave them: as traincarbon.uncertain does.
const OPERATIONS = {
  "+": (a, b) => sum(a, b, 1),
  "-": (a, b) => sum(a, b, -1),
  "×": (a, b) => ({ median: a.median * b.median, spreads: combine(a.spreads, b.spreads, 1, 1) }),
  "/": (a, b) => ({ median: a.median / b.median, spreads: combine(a.spreads, b.spreads, 1, -1) }),
  "^": (a, b) => ({ median: a.median ** b.median, spreads: combine(a.spreads, {}, b.median, 0) }),
  min: (a, b) => ({ median: Math.min(a.median, b.median), spreads: combine(a.spreads, b.spreads, 1, 1) }),
  max: (a, b) => ({ median: Math.max(a.median, b.median), spreads: combine(a.spreads, b.spreads, 1, 1) }),
  clamp: (a, low, high) => ({ median: Math.min(Math.max(a.median, low.median), high.median), spreads: a.spreads }),
};
const LEVELS = [["+", "-"], ["×", "/"], ["^"]];

// Return the text of an equation as a function of the values of its names; the grammar is that of traincarbon.formulas.evaluation.
function parse(text) {
  const tokens = text.replaceAll("²", " ^ 2").match(/\d+(?:\.\d+)?(?:e[+-]?\d+)?|[A-Za-z_]\w*|[-+×/^(),]/g);
  const atom = () => {
    const token = tokens.shift();
    if (token !== "(" && tokens[0] !== "(") {
      const constant = exact(Number(token));
      return /\d/.test(token[0]) ? () => constant : values => values[token];
    }
    if (token !== "(") tokens.shift();
    const parts = [];
    do parts.push(operation(0)); while (tokens.shift() === ",");
    return token === "(" ? parts[0] : values => OPERATIONS[token](...parts.map(part => part(values)));
  };
  const operation = level => {
    if (level === LEVELS.length) return atom();
    let left = operation(level + 1);
    while (LEVELS[level].includes(tokens[0])) {
      const combined = OPERATIONS[tokens.shift()], before = left, right = operation(level < 2 ? level + 1 : level);
      left = values => combined(before(values), right(values));
    }
    return left;
  };
  return operation(0);
}

const rowsOf = links => links.map(([name, text, unless, inputs]) => ({ name, formula: parse(text), unless, inputs, refines: inputs.some(input => input[1] === name) }));
const ROWS = rowsOf(LINKS);

// Compute every row into the values, as traincarbon.estimation.walk.walk does.
function walk(values, known, stated, rows = ROWS) {
  for (const { name, formula, unless, inputs, refines } of rows) {
    if (!refines && values[name] || unless.some(stated)) continue;
    const given = {};
    for (const [parameter, ...sources] of inputs) {
      for (const source of sources) if (!given[parameter]) given[parameter] = typeof source === "number" ? exact(source) : known(source);
    }
    if (inputs.every(([parameter]) => given[parameter])) values[name] = formula(given);
    else if (!refines) values[name] = null;
  }
  return values;
}

// The facts of the place, hardware, year, rental terms and number format that are chosen; what cannot be combined is null.
function inputsOf(page, set) {
  const chosen = page.settings[`${set.hw || 0}|${set.region || 0}|${set.start || 0}`];
  if (!chosen) return null;
  const value = at => (at < 0 ? null : page.pool[at]), [hardware, place, rents] = chosen.map(at => page.rows[at]);
  const row = [...hardware, ...place], facts = Object.fromEntries(page.names.map((name, at) => [name, value(row[at])]));
  if (set.rent) facts.rent_price = value(rents[set.rent]);
  const format = page.precisions[set.precision || 0];
  if (format) {
    const precise = page.precise[`${set.hw || 0}|${format}`];
    if (precise === undefined) return null;
    page.preciseNames.forEach((name, at) => { facts[name] = value(page.rows[precise][at]); });
  }
  return facts;
}

// The fewest accelerators that hold the training: in proportion to its parameters; null where that is unknown.
function fewestOf(page, set) {
  const { least } = page.hardware[set.hw || 0];
  return least === null ? null : Math.ceil(least * (set.params !== undefined && page.params ? set.params / page.params : 1));
}

// Every result of the estimate, null where it is unknown. Settings of the reader override the plan, the plan overrides the facts.
function resultsOf(page, set) {
  const facts = inputsOf(page, set);
  if (!facts) return null;
  const fact = name => (set[name] !== undefined ? exact(set[name]) : page.stated[name] || facts[name]);
  const values = { ...page.values, accelerator_count: exact(page.hardware[set.hw || 0].each) };
  if (set.accelerators !== undefined) values.accelerators = exact(set.accelerators);
  if (set.tokens !== undefined && page.tokens) values.compute_flop = OPERATIONS["×"](values.compute_flop, exact(set.tokens / page.tokens));
  const size = set.params !== undefined && page.params ? set.params / page.params : 1;
  if (size !== 1) {
    values.compute_flop = OPERATIONS["×"](values.compute_flop, exact(size));
    values.median_active_params = OPERATIONS["×"](values.median_active_params, exact(size));
  }
  if (!values.accelerator_hours_h) {
    values.mfu = fact("mfu");
    const { each } = page.hardware[set.hw || 0], fewest = fewestOf(page, set);
    if (values.accelerators && values.accelerators.median < fewest) values.accelerators = exact(Math.ceil(fewest / each) * each);
  }
  walk(values, name => (name in values ? values[name] : fact(name)), name => set[name] !== undefined || name in page.stated);
  return withUnitCosts(page, set, values);
}

// What a unit of work costs, of the amounts that are stated and of the results.
function withUnitCosts(page, set, values) {
  const amounts = { ...page.amounts };
  if (set.tokens !== undefined && page.tokens && amounts.tokens) amounts.tokens = OPERATIONS["×"](amounts.tokens, exact(set.tokens / page.tokens));
  return walk(values, name => amounts[name] || values[name], () => false, page.units);
}

// What a training leaves of its worth where it costs as much as each bound of an interval; the dearest leaves least.
function returnOf(page, cost) {
  const [low, median, high] = ["high", "median", "low"].map(end => page.returns.formula({ ...page.amounts, cost_usd: exact(cost[end]) }).median);
  return { low, median, high };
}

const interval = ({ median, spreads }, z) => {
  const reach = Math.exp(z * Math.hypot(...Object.values(spreads)));
  return { low: median / reach, median, high: median * reach };
};

// The data of the page with its numbers as uncertain values.
function opened(data) {
  const value = pair => (pair === null ? null : { median: pair[0], spreads: pair[1] || {} });
  const opened = values => Object.fromEntries(Object.entries(values).map(([name, pair]) => [name, value(pair)]));
  const amounts = Object.fromEntries(Object.entries(data.amounts).map(([name, amount]) => [name, exact(amount)]));
  const returns = { ...data.returns, formula: parse(data.returns.equation) };
  return { ...data, pool: data.pool.map(value), stated: opened(data.stated), values: opened(data.values), units: rowsOf(data.units), amounts, returns };
}
