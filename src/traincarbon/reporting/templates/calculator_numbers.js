// Numbers as people write them, read as traincarbon.estimation.parse reads them: 7B, 1.4 trillion, 300 B tokens, 40%, $2/h, 0.3..0.5, 0.4±0.05.

const Z_90 = 1.6448536269514722;
const ALIKE = { "\u00a0": " ", "\u2009": " ", "\u202f": " ", "\u2212": "-", "×": "x", "·": "x", "*": "x", "'": ",", "’": "," };
const DOLLARS = /^(US\$|USD|\$|usd)\s*/;

// The value of a digit of any script: ten follow each other.
function digitOf(sign) {
  let before = 0;
  while (/^\p{Nd}$/u.test(String.fromCodePoint(sign.codePointAt(0) - before - 1))) before += 1;
  return String(before % 10);
}

const plainly = text => text.replace(/(?!\d)\p{Nd}/gu, digitOf).replace(/[\u00a0\u2009\u202f\u2212×·*'’]/g, sign => ALIKE[sign]).trim();

// The part of a text up to the last digit that no unit such as CO2 holds, and the rest.
function parted(text) {
  const masked = text.replace(/co2/gi, "co\0"), found = /^.*\d\.?(?=[^\d]*$)/s.exec(masked);
  return found ? [text.slice(0, found[0].length), text.slice(found[0].length)] : ["", text];
}

// A text as units are compared.
function unitKey(text) {
  const key = text.toLowerCase().replaceAll(" per ", "/").replaceAll("₂", "2").replaceAll("²", "2").replace(/[ \-.·_]/g, "");
  return key.replace(/co2equivalent|co2eq|co2e|co2/g, "");
}

// Commas and spaces that part thousands are dropped; elsewhere they stay, and the text is not a number.
function withoutSeparators(text) {
  const [whole, ...rest] = text.split("."), [first, ...groups] = whole.split(whole.includes(",") ? "," : " ");
  if (!groups.length || rest.length > 1) return text;
  const isParted = /^[+-]?\d{1,3}$/.test(first) && groups.every((group, at) => /^\d{3}$/.test(at === groups.length - 1 ? group.toLowerCase().split("e")[0] : group));
  return isParted ? [[first, ...groups].join(""), ...rest].join(".") : text;
}

// The number that a text states with at most an ending or a word, null if it states none.
function numberOf(text) {
  let number = text.replace(/ ?(?:x|xx) ?10(?:\^|xx)/g, "e").replace(/^10(?:\^|xx)/, "1e"), ending = 0;
  const scale = FORM.scales.find(([word]) => number.toLowerCase().endsWith(word));
  if (scale) [number, ending] = [number.slice(0, -scale[0].length).trimEnd(), scale[1]];
  const found = /^([+-]?(?:\d+(?:_\d+)*\.?\d*|\.\d+))(?:e([+-]?\d+))?$/i.exec(withoutSeparators(number));
  return found ? Number(`${found[1].replaceAll("_", "")}e${Number(found[2] || 0) + ending}`) : null;
}

// Whether a text is at most a number with an ending that no unit has.
const isPlain = text => /^\d.*[\dkKMBT]$|^\d$/.test(text) && !/[A-Za-df-z]/.test(text.slice(0, -1));

// The amount that a text states in the unit of a field, null if it states none.
function amountOf(text, field) {
  if (isPlain(text)) return numberOf(text);
  const number = field.is_money ? text.replace(DOLLARS, "") : text;
  const [digits, tail] = parted(number), key = unitKey(tail), { factors } = field;
  if (key && Object.hasOwn(factors, key)) return scaled(numberOf(digits.trim()), factors[key]);
  if (key === "m" && field.what === "GPU-hours") return null; // minutes or millions
  for (const [word] of FORM.scales) {
    if (key.startsWith(word) && key.length > word.length && Object.hasOwn(factors, key.slice(word.length))) return scaled(numberOf(digits.trim() + word), factors[key.slice(word.length)]);
  }
  return numberOf(number);
}

function scaled(value, factor) {
  if (value === null || factor === 1) return value;
  return factor < 1 && Number.isInteger(1 / factor) ? value / (1 / factor) : value * factor;
}

// What is wrong with an amount, empty if nothing is: the bounds are those of a plan.
function outOfBounds(value, field) {
  const meant = value > 1 && value <= 100 ? `; did you mean ${value / 100}?` : "";
  if (!Number.isFinite(value)) return "too large: no finite number";
  if (field.check === "positive" && value <= 0) return "it must be above 0";
  if (field.check === "count" && !(value >= 1 && value <= 1e12 && Number.isInteger(value))) return "it must be a whole number of at least 1";
  if (field.check === "share" && !(value > 0 && value <= 1)) return `it is a share: above 0 and at most 1${meant}`;
  if (field.check === "pue" && !(value >= 1 && value <= 10)) return "facility energy over IT energy is at least 1, and 3 in the worst facilities";
  if (field.check === "intensity" && value !== 0 && !(value >= 1 && value <= FORM.most_gco2e)) return `in grams per kWh, 0 to ${FORM.most_gco2e}`;
  if (field.check === "price" && value < 0) return "it must be at least 0";
  return value > 1e30 || (value > 0 && value < 1e-30) ? "is the exponent right?" : "";
}

// How to write a number that was not understood.
function meant(text, field) {
  const comma = /^([+-]?\d+),(\d+.*)$/.exec(text);
  if (comma && amountOf(`${comma[1]}.${comma[2]}`, field) !== null) return `a comma separates thousands: did you mean ${comma[1]}.${comma[2]}?`;
  const range = /^([\d.]+ ?[%a-zA-Z]*) ?(?:-|–|to) ?([\d.].*)$/.exec(text);
  if (range && amountOf(range[1], field) !== null && amountOf(range[2], field) !== null) return `write an interval as low..high: did you mean ${range[1]}..${range[2]}?`;
  if (/[€£¥₹]/.test(text)) return "prices are in US dollars";
  const [digits, tail] = parted(text);
  if (field.what && tail.trim() && numberOf(digits.trim()) !== null) return `“${tail.trim().slice(0, 20)}” is not a unit of ${field.what}: ${field.spelling}`;
  return field.spelling;
}

// Read what was typed into a field: its value with spreads, or what is wrong; neither where nothing was typed.
function readField(typed, field, name) {
  const text = plainly(typed);
  if (!text) return {};
  const sign = text.includes("..") ? ".." : /±|\+-/.test(text) ? "±" : "";
  if (!sign) {
    const value = amountOf(text, field);
    if (value === null) return { error: `not a number; ${meant(text, field)}` };
    const wrong = outOfBounds(value, field);
    return wrong ? { error: wrong } : { value: exact(value) };
  }
  if (field.check === "count") return { error: "it is a count: give a whole number" };
  const [first, second] = text.replace("+-", "±").split(sign).map(part => part.trim()), one = first && amountOf(first, field), other = second && amountOf(second, field);
  if (typeof one !== "number" || typeof other !== "number") return { error: "no interval; write low..high, as 0.3..0.5, or 0.4±0.05" };
  const [low, high] = sign === ".." ? [one, other] : [one / (1 + other / one), one * (1 + other / one)];
  if (!(low > 0 && low <= high) || (sign === "±" && other >= one)) return { error: "no interval: the bounds must be above 0, the smaller first" };
  const wrong = outOfBounds(field.check === "pue" ? Math.sqrt(low * high) : low, field) || outOfBounds(field.check === "share" ? Math.sqrt(low * high) : high, field);
  const median = sign === ".." ? Math.sqrt(low * high) : one;
  return wrong ? { error: wrong } : { value: { median, spreads: { [name]: Math.log(high / low) / (2 * Z_90) } } };
}
