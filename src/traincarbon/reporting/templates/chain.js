// The chain of an estimate in the browser: the arithmetic of named log-normal spreads, and the formulas, as in Python.
"use strict";

const exact = median => ({ median, spreads: {} });
const combine = (a, b, wa, wb) => {
  const spreads = {};
  for (const [name, s] of Object.entries(a)) spreads[name] = wa * s;
  for (const [name, s] of Object.entries(b)) spreads[name] = (spreads[name] || 0) + wb * s;
  return spreads;
};
const times = (a, b) => ({ median: a.median * b.median, spreads: combine(a.spreads, b.spreads, 1, 1) });
const over = (a, b) => ({ median: a.median / b.median, spreads: combine(a.spreads, b.spreads, 1, -1) });
const plus = (a, b) => {
  const median = a.median + b.median, share = median ? a.median / median : 0;
  return { median, spreads: combine(a.spreads, b.spreads, share, 1 - share) };
};
const power = (a, exponent) => ({ median: a.median ** exponent, spreads: combine(a.spreads, {}, exponent, 0) });
const scaled = (a, factor) => ({ median: a.median * factor, spreads: a.spreads });
const clamped = (a, low, high) => ({ median: Math.min(Math.max(a.median, low), high), spreads: a.spreads });
const interval = (a, z) => {
  const reach = Math.exp(z * Math.hypot(...Object.values(a.spreads)));
  return { low: a.median / reach, median: a.median, high: a.median * reach };
};

// A formula of nothing unknown; where an input is not known, its result is not.
const link = (formula, ...inputs) => (inputs.some(input => input === null || input === undefined) ? null : formula(...inputs));

// A figure brought to what runs of the user's own showed, where there are such runs.
const calibrated = (figure, factor) => (figure && factor ? times(figure, factor) : figure);

const formulas = {
  thinnedMfu: (mfu, active, n, ample, exponent) => times(mfu, power(clamped(over(exact(active), scaled(ample, n)), 0, 1), exponent.median)),
  goodput: (least, n, rate, cost) => over(least, plus(times(scaled(rate, n), cost), exact(1))),
  hours: (flop, peak, mfu) => over(flop, scaled(times(peak, mfu), 3600)),
  impliedMfu: (flop, peak, hours) => over(flop, times(scaled(peak, 3600), hours)),
  duration: (hours, n) => scaled(hours, 3600 / n),
  acceleratorW: (board, share, mfu, reference, exponent, idle) =>
    times(board, clamped(times(share, power(over(mfu, reference), exponent.median)), idle.median, 1)),
  hostW: (nameplate, each, board, share) => times(plus(scaled(nameplate, 1 / each), scaled(board, -1)), share),
  itEnergy: (hours, accelerator, host, network) => times(times(hours, plus(accelerator, host)), scaled(plus(network, exact(1)), 1 / 1000)),
  operational: (energy, intensity) => scaled(times(energy, intensity), 1 / 1000),
  embodied: (hours, making, life, used) => over(times(hours, making), times(life, used)),
  water: (it, energy, site, grid) => plus(times(it, site), times(energy, grid)),
  purchaseEach: (server, each, network) => over(scaled(server, 1 / each), plus(exact(1), scaled(network, -1))),
  own: (hours, price, life, used, electricity) => plus(over(times(hours, price), times(life, used)), electricity),
};

// The inputs of the place, hardware and year that are chosen; what cannot be combined is null.
function inputsOf(page, set) {
  const places = page.settings[`${set.hw || 0}|${set.region || 0}|${set.start || 0}`];
  if (!places) return null;
  const row = places.flatMap(place => page.rows[place]);
  const given = {};
  page.names.forEach((name, at) => { given[name] = row[at] < 0 ? null : page.pool[row[at]]; });
  return given;
}

// Every figure of the estimate, null where it cannot be known: what the reader sets wins over the plan, the plan over the facts.
function figuresOf(page, set) {
  const given = inputsOf(page, set);
  if (!given) return null;
  const known = name => (set[name] !== undefined ? exact(set[name]) : page.stated[name] || given[name]);
  const each = page.hardware[set.hw || 0].each, f = formulas;
  const n = set.accelerators !== undefined ? set.accelerators : page.accelerators;
  let hours = page.hours, mfu;
  if (hours) {
    mfu = link(f.impliedMfu, page.flop, known("peak_flop_per_s"), hours);
  } else {
    let goodput = page.stated.goodput || null;
    mfu = known("mfu");
    if (set.mfu === undefined && !page.stated.mfu) {
      if (n !== null && page.active !== null) mfu = link(f.thinnedMfu, mfu, page.active, n, known("mfu_ample_params"), known("mfu_thin_exponent"));
      goodput = goodput || link(f.goodput, known("goodput"), n === null ? 1 : n, known("interruptions_per_h"), known("interruption_h"));
    }
    if (goodput) mfu = times(mfu, goodput);
    if (set.mfu === undefined && known("mfu_calibration")) mfu = clamped(times(mfu, known("mfu_calibration")), 0, 1);
    hours = link(f.hours, page.flop, known("peak_flop_per_s"), mfu);
  }
  const reference = known("power_reference_mfu"), life = scaled(known("service_life"), 8766), used = known("utilisation");
  const draw = link(f.acceleratorW, known("board_power_w"), known("power_share"), mfu || reference, reference, known("power_exponent"), known("idle_share"));
  const accelerator = calibrated(draw, known("power_calibration"));
  const host = calibrated(link(f.hostW, known("max_power_w"), each, known("board_power_w"), known("host_share")), known("host_calibration"));
  const it = link(f.itEnergy, hours, accelerator, host, known("network_share"));
  const energy = link(times, it, known("pue"));
  const operational = link(f.operational, energy, known("carbon_intensity"));
  const embodied = link(f.embodied, hours, known("hardware_kgco2e"), life, used);
  const electricity = link(times, energy, known("electricity_price"));
  const price = link(f.purchaseEach, known("purchase_price"), each, known("interconnect_share"));
  return {
    compute_flop: page.flop,
    mfu,
    accelerator_hours_h: hours,
    duration_s: link(f.duration, hours, n),
    it_energy_kwh: it,
    facility_energy_kwh: energy,
    operational_kgco2e: operational,
    embodied_kgco2e: embodied,
    total_kgco2e: link(plus, operational, embodied),
    water_l: link(f.water, it, energy, known("wue_l_per_kwh"), known("grid_water_l_per_kwh")),
    electricity_usd: electricity,
    rent_usd: link(times, hours, known("rent_price")),
    own_usd: link(f.own, hours, price, life, used, electricity),
    purchase_usd: link(scaled, price, n),
  };
}

// The data of the page as the functions above take it: numbers become quantities.
function opened(data) {
  const quantity = pair => (pair === null ? null : { median: pair[0], spreads: pair[1] || {} });
  const stated = Object.fromEntries(Object.entries(data.stated).map(([name, pair]) => [name, quantity(pair)]));
  return { ...data, pool: data.pool.map(quantity), stated, flop: quantity(data.flop), hours: quantity(data.hours) };
}
