// The texts of the view of the audit trail.
export const text = {
  title: "Audit trail",
  lead: "Who created, changed or deleted what, and when; the newest first.",
  refused: (role) => `Only managers and admins may read the audit trail. Your token is a ${role}'s.`,
  filters: { kind: "Kind", token: "Changed by", from: "From", to: "Until", organisation: "Organisation" },
  all_kinds: "Everything",
  all_tokens: "Everybody",
  all_organisations: "All organisations",
  gone: (name) => `${name} (revoked)`,
  columns: { at: "Time", action: "Action", thing: "What", by: "By", changes: "Changes" },
  kind: (kind) => kind.replaceAll("_", " "),
  none: "No entries match.",
  reset: "Show all entries",
  entries: "entries",
  cleared: "cleared",
  change: (field, value) => `${field.replaceAll("_", " ")}: ${value}`,
};
