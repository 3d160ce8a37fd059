// Two contracts side by side: what was added, removed and changed, and whether a job can move from one to the other.

const FIELDS = ["input_kind", "metric", "unit", "required", "quantiles", "members"];
const isAlike = (one, other) => one === other || JSON.stringify(one) === JSON.stringify(other);
const isSame = (one, other) => FIELDS.every((field) => isAlike(one[field], other[field]));

/** The roles of both lists: `{ role, one, other, mark, changed }`; `changed` are the fields that differ. */
export function compareRoles(ones, others) {
  const names = [...new Set([...ones, ...others].map((role) => role.role))];
  return names.map((name) => {
    const [one, other] = [ones, others].map((roles) => roles.find((role) => role.role === name));
    const mark = !one ? "added" : !other ? "removed" : isSame(one, other) ? "same" : "changed";
    return { role: name, one, other, mark, changed: mark === "changed" ? FIELDS.filter((field) => !isAlike(one[field], other[field])) : [] };
  });
}

/** The inputs of `newer` that a job of `older` may have to bind anew. */
export const unbound = (older, newer) => compareRoles(older.input_roles, newer.input_roles)
  .filter(({ one, other, changed }) => other && ((!one && other.required) || changed.some((field) => field !== "required") || (other.required && one && !one.required)))
  .map(({ role }) => role);
