// Numbers as the package writes them: rounded to what is known, on the scale that is easiest to read.

// Creating a format takes longer than computing all results, so there is one for each number of decimals.
const formats = [];
function written(value, decimals) {
  formats[decimals] ||= new Intl.NumberFormat("en", { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
  return formats[decimals].format(value);
}

// An amount of money that may be a loss.
function signed(usd, currency) {
  const size = Math.abs(usd);
  return `${usd < 0 ? "−" : ""}${shown({ low: size, median: size, high: size }, "$", currency)}`;
}

// A line breaks neither within an interval nor before a percent sign; after a dash it does, unless a joiner of words follows.
const unbroken = words => words.replaceAll(" – ", "\u00a0–\u2060\u00a0").replaceAll(" %", "\u00a0%");

// Unchanged text is left alone, so that the page is not laid out again for it.
function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// Round to significant digits; an exact value that rounds to a whole number has no decimals.
function rounded(value, digits, isExact = true) {
  if (value === 0) return "0";
  if (Math.abs(value) < READABLE[0] || Math.abs(value) >= READABLE[1]) {
    return String(Number(value.toPrecision(digits)).toExponential()).replace(/e([+-])(\d)$/, (_, sign, digit) => `e${sign}0${digit}`);
  }
  const near = Number(value.toPrecision(digits));
  const decimals = isExact && Number.isInteger(near) ? 0 : Math.max(digits - 1 - Math.floor(Math.log10(Math.abs(near))), 0);
  return written(near, decimals);
}

// A value on one scale of LADDERS (size, prefix, suffix, unit, smallest value): its median with three digits, its interval with two.
function shown(bounds, unit, [code, perUsd]) {
  if (!unit) return `${rounded(100 * bounds.median, 3)} %`;
  const rate = unit === "$" ? perUsd : 1, scales = LADDERS[unit];
  const [size, prefix, suffix, name] = scales.find(scale => bounds.median * rate >= scale[4] * 0.9995) || scales[scales.length - 1];
  const before = prefix === "$" && code !== "USD" ? `${code} ` : prefix, isExact = !(bounds.low < bounds.high);
  const part = (value, digits) => before + rounded((value * rate) / size, digits, isExact) + suffix;
  const least = LEAST[unit] || 0, median = bounds.median * rate;
  if (median > 0 && median < least * 0.9995) {
    const high = bounds.high * rate < least ? "" : ` (up to ${before}${rounded((bounds.high * rate) / size, 2, false)}${suffix})`;
    return `<${before}${least / size}${suffix} ${name}`.trim() + high;
  }
  const range = isExact ? "" : ` (${part(bounds.low, 2)} – ${part(bounds.high, 2)})`;
  return `${part(bounds.median, 3)} ${name}`.trim() + range;
}
