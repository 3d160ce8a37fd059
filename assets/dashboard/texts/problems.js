// What an error of the server means to a person: sentences of violations and of whole problems.

const upper = (name) => name.charAt(0).toUpperCase() + name.slice(1);
/** A label within a sentence: "Name" as "name", but "URL" as it is. */
const within = (label) => (/^[A-Z](?![A-Z0-9])/.test(label) ? label.charAt(0).toLowerCase() + label.slice(1) : label);
const ended = (sentence) => (/[.!?]$/.test(sentence) ? sentence : `${sentence}.`);
const spoken = (name) => name.replace(/_(id|at)$/, "").replaceAll("_", " ");

// Members of requests whose own names say little to a person.
const LABELS = {
  expires_at: "Expiry", role_bindings: "Inputs", input_roles: "Inputs of the version", output_roles: "Outputs of the version",
  input_id: "Input", input_kind: "Kind of input", expected_interval_minutes: "Expected interval", retention_hours: "Retention",
  elevation_m: "Elevation", url: "Address", grace_minutes: "Grace period",
};

// Details that a person can act upon once they are said in other words: a pattern, and the sentence for a field's label.
// `ask` is the sentence that asks for the field's value.
const SENTENCES = [
  [/^is (missing|empty)\b(?!:)|^must be .*, not null|^is shorter than 1 char|has no visible character/, (label, ask) => ask],
  [/^is longer than (\d+) char/, (label, ask, max) => `Shorten the ${within(label)} to ${max} characters or fewer.`],
  [/^contains control characters|^holds U\+|^contains a NUL/, (label) => `Remove hidden characters from the ${within(label)}: type it instead of pasting it.`],
  [/^is repeated|^is bound twice/, (label) => `${label} is given twice. Remove one of the two.`],
  [/^must be an integer from (\S+) to (\S+)/, (label, ask, from, to) => `${label} must be a whole number from ${from} to ${to}.`],
  [/^must be from (\S+) to (\S+)/, (label, ask, from, to) => `${label} must be a number from ${from} to ${to}.`],
  [/^must be (a finite |a )?number/, (label) => `${label} must be a number, such as 12.5.`],
  [/^must be an integer/, (label) => `${label} must be a whole number.`],
  [/^must be a UUID/, (label) => `Choose the ${within(label)} again: its id is not complete.`],
  [/^is in the past/, (label) => `${label}: choose a time in the future.`],
  [/^must be on the safe side of value/, (label) => `${label} must be on the safe side of the threshold, so that the alert ends after it began.`],
  [/^does not bind the required role (.+)/, (label, ask, role) => `Choose an input for the role ${role}: the model needs it.`],
  [/^there is no (.+?) [0-9a-f-]{36}/, (label, ask, what) => `The chosen ${what} does not exist any more, or you may not see it. Reload the page, and choose again.`],
  [/^the (?:organisation|location's organisation) has no (.+?) [0-9a-f-]{36}/, (label, ask, what) => `The chosen ${what} does not belong to this organisation. Choose another one.`],
  [/^is (unknown: |not a known field)/, (label) => `The server does not know the field ${within(label)}. Reload the page: the server may have been updated.`],
];

export const text = {
  details: "Details",
  means: "What this means",
  request: "Request",
  retry: "Try again",
  loading: "Loading …",
  marked: "Nothing was stored. Correct the marked fields, and try again.",
  listed: "Nothing was stored. Correct this, and try again:",
  request_itself: "The request",
  unreachable: { title: "The server cannot be reached", detail: "It does not respond. Is it running?" },
  responded: (status) => `The server responded with ${status}`,

  /** Asks for the value of a field: `Choose the role.` */
  ask: (label, isChoice) => `${isChoice ? "Choose" : "Enter"} the ${within(label)}.`,

  /** A label for the member or parameter that a violation names. */
  label(place) {
    const parts = (place ?? "").split("/").filter(Boolean).map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
    const name = parts.findLast((part) => !/^\d+$/.test(part));
    if (!name) return text.request_itself;
    const index = parts.findLast((part) => /^\d+$/.test(part));
    return upper(LABELS[name] ?? spoken(name)) + (index === undefined ? "" : ` of item ${Number(index) + 1}`);
  },

  /** A violation as a sentence with the label of its field. A detail that is a sentence already stays as it is. */
  violation(label, detail, ask = text.ask(label)) {
    for (const [pattern, sentence] of SENTENCES) {
      const found = pattern.exec(detail);
      if (found) return sentence(label, ask, ...found.slice(1));
    }
    if (/^[A-Z]/.test(detail)) return ended(detail);
    if (/^(is|are|must|has|have|does|cannot|can|needs|contains|differs|extends?|belongs?) /.test(detail)) return ended(`${label} ${detail}`);
    return ended(upper(detail));
  },

  /** A problem as one or two sentences, without its violations. */
  problem({ status, title, detail, message }) {
    const said = ended(upper(detail ?? message ?? title ?? "Something went wrong"));
    const missing = /^there is no (.+?) \S+, or this token/.exec(detail ?? "")?.[1];
    switch (status) {
      case 0: return title ? `${ended(title)} ${said}` : said;
      case 401: return "Your token is unknown, revoked or expired. Sign in again.";
      case 403: return `You may not do this. ${said}`;
      case 404: return missing ? `This ${missing} does not exist. It may have been deleted, or belong to another organisation.` : said;
      case 412: return "Somebody else changed this in the meantime. Reload the page, and repeat your change.";
      case 429: return "The server received too many requests from you. Wait a moment, and try again.";
      case 500: return "The server failed at this request. Its log has the cause.";
      case 503: return `The server is busy or cannot reach its database. Try again in a moment. ${said}`;
      default: return said;
    }
  },
};
