// Mappings of feeds as the rows of a form, and the places of a message.

/** The keys stay with the rows when others are removed. */
let count = 0;
export const row = (more = {}) => ({ key: (count += 1), sensor_id: "", value: "", more: [], ...more });

const isGiven = (value) => value !== undefined && value !== null && String(value).trim() !== "";

/** The mappings as rows. A form shows the first condition; further ones stay as they are. */
export const rowsOf = (mappings) => mappings.map(({ when = [], ...mapping }) => {
  const [first, ...more] = when;
  return row({ ...mapping, pointer: first?.pointer, equals: first?.equals, loaded: first, more });
});

/**
 * The constant of a condition. A text of a field has the type of the value in the message, or else of the condition that was
 * loaded for this place. If neither is known, a plain number is a number; 0101 and 1.0 stay texts.
 */
function constantOf({ pointer, equals, loaded }, message) {
  if (typeof equals !== "string") return equals ?? "";
  const place = pointer.trim();
  const known = at(message, place) ?? (loaded?.pointer === place ? loaded.equals : undefined);
  const given = equals.trim();
  const { message: read } = parsed(given);
  const isRead = known === undefined ? typeof read === "number" && String(read) === given
    : ["number", "boolean"].includes(typeof known) && typeof read === typeof known;
  return isRead ? read : given;
}

/** The rows as the API takes them. `hasTopics` is whether the feed is of the kind mqtt; `message` is one of its messages. */
export const mappingsOf = (rows, hasTopics, message) => rows.map((row) => {
  const first = isGiven(row.pointer) ? [{ pointer: row.pointer.trim(), equals: constantOf(row, message) }] : [];
  const when = [...first, ...row.more];
  return {
    sensor_id: row.sensor_id,
    ...(hasTopics && isGiven(row.topic) && { topic: row.topic.trim() }),
    ...(when.length > 0 && { when }),
    value: (row.value ?? "").trim(),
    ...(isGiven(row.time) && { time: row.time.trim() }),
    ...(isGiven(row.factor) && { factor: Number(row.factor) }),
    ...(isGiven(row.offset) && { offset: Number(row.offset) }),
  };
});

/** The value at a JSON pointer. */
function at(message, pointer) {
  const names = pointer.split("/").slice(1).map((name) => name.replaceAll("~1", "/").replaceAll("~0", "~"));
  return names.reduce((found, name) => found?.[name], message);
}

/** The JSON pointers of all texts, numbers and booleans in a message, at most `most`. */
export function pointersOf(message, most = 200) {
  const found = [];
  const look = (value, pointer) => {
    if (found.length >= most || value === null || value === undefined) return;
    if (typeof value !== "object") return void found.push(pointer);
    for (const [name, inner] of Object.entries(value)) look(inner, `${pointer}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`);
  };
  look(message, "");
  return found.filter(Boolean);
}

/** A text as JSON: `{ message }`, or `{ wrong: true }`. Nothing of an empty text. */
export function parsed(text) {
  if (text.trim() === "") return {};
  try {
    return { message: JSON.parse(text) };
  } catch {
    return { wrong: true };
  }
}
