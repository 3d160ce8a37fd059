// The fields of an output that declare how sure the model is of its values: levels of quantiles, or members of an ensemble.
import { html } from "../lib/html.js";
import { text } from "../texts/versions.js";
import { Field } from "./field.js";

/** The levels that are offered at first. */
const FIRST = [0.1, 0.5, 0.9];
/** Levels, with commas, semicolons or spaces between them. */
const PATTERN = "\\s*0?\\.[0-9]+([,;\\s]+0?\\.[0-9]+)*\\s*";

const listed = (given) => (Array.isArray(given) ? given : given.split(/[\s,;]+/).filter(Boolean).map(Number));

/** The members of a role's body that say so. */
export const declared = ({ quantiles, members }) => ({
  ...(quantiles !== undefined && { quantiles: listed(quantiles) }), ...(members !== undefined && { members: Number(members) }),
});

/** `set(changes)` changes fields of the row, `wrong(rest)` are the violations below its pointer. */
export function RoleSpread({ row: { key, quantiles, members }, set, wrong }) {
  const kind = quantiles !== undefined ? "quantiles" : members !== undefined ? "members" : "none";
  const choose = (kind) => set({ quantiles: kind === "quantiles" ? FIRST : undefined, members: kind === "members" ? "" : undefined });
  const levels = Array.isArray(quantiles) ? quantiles.join(", ") : quantiles;
  const faults = ["", ...listed(quantiles ?? []).map((_, index) => `/${index}`)].flatMap((rest) => wrong(`/quantiles${rest}`));
  return html`
    <${Field} name="role-${key}-spread" label=${text.spread} kind="select" value=${kind} set=${choose} options=${text.spreads} />
    ${kind === "quantiles" && html`<${Field} name="role-${key}-quantiles" label=${text.levels} value=${levels} set=${(quantiles) => set({ quantiles })}
      wrong=${faults} required pattern=${PATTERN} title=${text.levelsHint} />`}
    ${kind === "members" && html`<${Field} name="role-${key}-members" label=${text.members} kind="number" min="2" max="200" step="1" value=${members}
      set=${(members) => set({ members })} wrong=${wrong("/members")} required />`}`;
}
