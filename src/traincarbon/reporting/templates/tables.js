// Tables: rows that a reader sorts and filters, and files of a table to keep.
"use strict";

function save(name, address) {
  const link = document.createElement("a");
  link.download = name;
  link.href = address;
  link.click();
}

function asFile(text, kind) {
  return `data:${kind};charset=utf-8,${encodeURIComponent(text)}`;
}

// The text of a cell without the buttons in it, its numbers with usual blanks.
function textOf(cell) {
  return cell.textContent.trim().replaceAll("\u2060", "").replaceAll(/[\u00a0\u202f]/g, " ");
}

function saveTable(name, table) {
  const quoted = text => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : /^[=+@-]/.test(text) ? `'${text}` : text);
  const rows = [...table.rows].filter(row => !row.hidden).map(row => [...row.cells].map(cell => quoted(textOf(cell))).join(","));
  save(name, asFile(`${rows.join("\n")}\n`, "text/csv"));
}

// A row with the remark below it, if it has one; they stay together.
function groupsOf(table) {
  const groups = [];
  for (const row of table.tBodies[0].rows) {
    if (row.classList.contains("below")) groups.at(-1)?.push(row);
    else groups.push([row]);
  }
  return groups;
}

// A click on the head of a column sorts the rows by it; what is not a number comes last.
function makeSortable(table) {
  const written = text => (/^[^\d]*\d/.test(text) ? Number.parseFloat(text.replace(/[^\d.eE+-]/g, "")) : Number.NaN);
  [...table.tHead.rows[0].cells].forEach((head, at) => {
    if (!head.textContent.trim() || head.textContent.includes("to scale")) return;
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const up = head.getAttribute("aria-sort") === "descending", groups = groupsOf(table);
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const key = ([row]) => textOf(row.cells[at]);
      groups.sort((one, other) => {
        const [a, b] = [written(key(one)), written(key(other))];
        if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) - Number.isNaN(b) || (up ? 1 : -1) * key(one).localeCompare(key(other));
        return up ? a - b : b - a;
      });
      table.tBodies[0].append(...groups.flat());
    });
  });
}

// A field that leaves the rows that hold all of its words; what is hidden stays in the total, and is said.
function filterOf(table) {
  const field = document.createElement("input"), label = document.createElement("label"), count = document.createElement("span");
  field.type = "search";
  field.autocomplete = "off";
  label.append("Filter ", field);
  field.addEventListener("input", () => {
    const words = field.value.toLowerCase().split(/\s+/).filter(word => word), groups = groupsOf(table);
    let shown = 0;
    for (const group of groups) {
      const text = group.map(textOf).join(" ").toLowerCase(), isShown = words.every(word => text.includes(word));
      for (const row of group) row.hidden = !isShown;
      shown += isShown;
    }
    count.textContent = words.length ? `${shown} of ${groups.length} rows${table.tFoot ? "; the total is that of all" : ""}` : "";
    announce(count.textContent);
  });
  const found = document.createDocumentFragment();
  found.append(label, count);
  return found;
}

// A table of several rows can be kept as CSV; one that is sortable can be sorted and filtered.
function prepareTable(table) {
  const title = table.caption?.textContent.trim() || "table", isSortable = table.classList.contains("sortable");
  if (table.closest(".ch-data, .panel") || groupsOf(table).length < 2) return;
  if (isSortable) makeSortable(table);
  const tools = document.createElement("div"), button = document.createElement("button");
  tools.className = isSortable ? "files of-table sorted" : "files of-table";
  button.type = "button";
  button.textContent = "CSV";
  button.setAttribute("aria-label", `Save as CSV: ${title}`);
  button.addEventListener("click", () => saveTable(`${title.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-").slice(0, 60)}.csv`, table));
  tools.append(...(isSortable ? [filterOf(table)] : []), button);
  table.parentElement.before(tools);
}
