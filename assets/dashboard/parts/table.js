// A table with a search box, columns that sort, a count, and pages. On a phone each row is a small card.
import { html, useState } from "../lib/html.js";
import { keep } from "../lib/route.js";
import { text } from "../texts/table.js";
import { Field } from "./field.js";

/** The rows of a page. */
const PAGE = 50;
const order = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

function compare(one, other) {
  const [isOne, isOther] = [one, other].map((value) => value !== undefined && value !== null && value !== "");
  if (!isOne || !isOther) return isOther - isOne;
  return typeof one === "number" && typeof other === "number" ? one - other : order.compare(one, other);
}

// The choice is part of the address if the view gives its parameters, else it is forgotten with the view.
function useChoice(parameters, first) {
  const [own, setOwn] = useState({});
  const { q = "", sort = first ?? "", page = "" } = parameters ?? own;
  return [{ q, sort, page: Number(page) || 1 }, parameters ? keep : (change) => setOwn((own) => ({ ...own, ...change }))];
}

/**
 * `columns` are `{ key, title, value(row), render(row), sort, hint }`: `value` is what is searched and sorted by (default: the
 * field named `key`), `render` what is shown (default: the value), `sort: false` a column without an order, `title: ""` a
 * column of actions. The first column names the row. `sort` is the first order, such as "name" or "-created_at".
 * With `parameters` (those of the view) the search, the order and the page are part of the address.
 */
export function Table({ label, word, many = `${word}s`, columns, rows, sort: first, parameters, id = (row) => row.id }) {
  const [{ q, sort, page }, choose] = useChoice(parameters, first);
  const valueOf = (column, row) => (column.value ? column.value(row) : row[column.key]);
  const words = q.toLowerCase().split(/\s+/).filter(Boolean);
  const textOf = (row) => columns.map((column) => valueOf(column, row) ?? "").join(" ").toLowerCase();
  const found = words.length === 0 ? [...rows] : rows.filter((row) => words.every((word) => textOf(row).includes(word)));
  const isDown = sort.startsWith("-");
  const by = columns.find((column) => column.key === sort.replace(/^-/, ""));
  if (by) {
    // Rows without a value stay at the end in both directions.
    const isEmpty = (row) => [undefined, null, ""].includes(valueOf(by, row));
    found.sort((one, other) => compare(valueOf(by, one), valueOf(by, other)) * (isDown && !isEmpty(one) && !isEmpty(other) ? -1 : 1));
  }
  const pages = Math.max(1, Math.ceil(found.length / PAGE));
  const at = Math.min(page, pages);
  const shown = found.slice((at - 1) * PAGE, at * PAGE);
  const turn = (page) => choose({ page: page > 1 ? String(page) : "" });
  return html`
    <div class="table">
      <form class="table-head" role="search" aria-label="${text.search}: ${label}" onSubmit=${(event) => event.preventDefault()}>
        <${Field} name="search-${label}" label=${text.search} kind="search" value=${q} set=${(q) => choose({ q, page: "" })} autocomplete="off" />
        <p class="quiet" role="status">${text.count(found.length, rows.length, word, many)}</p>
      </form>
      ${shown.length === 0 ? html`<p class="empty">${text.none(many)} <button type="button" onClick=${() => choose({ q: "", page: "" })}>${text.all}</button></p>`
        : html`<table class="cards" aria-label=${label}>
        <thead><tr>${columns.map((column) => html`<${Head} key=${column.key} column=${column} sort=${sort} choose=${choose} />`)}</tr></thead>
        <tbody>${shown.map((row) => html`<tr key=${id(row)}>${columns.map((column, index) => {
          const content = column.render ? column.render(row) : valueOf(column, row);
          return index === 0 ? html`<th scope="row">${content}</th>`
            : html`<td data-title=${column.title || undefined} class=${column.title ? undefined : "acts-cell"}>${content}</td>`;
        })}</tr>`)}</tbody>
      </table>`}
      ${pages > 1 && html`<nav class="pager" aria-label="${text.pages}: ${label}">
        <button type="button" disabled=${at === 1} onClick=${() => turn(at - 1)}>${text.previous}</button>
        <span>${text.page(at, pages)}</span>
        <button type="button" disabled=${at === pages} onClick=${() => turn(at + 1)}>${text.next}</button>
      </nav>`}
    </div>`;
}

function Head({ column, sort, choose }) {
  if (!column.title) return html`<th scope="col" class="no-sort"><span class="hidden">${text.actions}</span></th>`;
  if (column.sort === false) return html`<th scope="col" class="no-sort">${column.title}</th>`;
  const isBy = sort.replace(/^-/, "") === column.key;
  const direction = !isBy ? undefined : sort.startsWith("-") ? "descending" : "ascending";
  const next = direction === "ascending" ? `-${column.key}` : column.key;
  return html`<th scope="col" aria-sort=${direction}>
    <button type="button" class="sort" onClick=${() => choose({ sort: next, page: "" })}>${column.title}<span aria-hidden="true">${
      direction === "ascending" ? " ▲" : direction === "descending" ? " ▼" : ""}</span></button>
  </th>`;
}
