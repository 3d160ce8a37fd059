// The texts of the footer.
const ENGINES = { sqlite: "SQLite", postgresql: "PostgreSQL" };

export const text = {
  stored: (engine) => `The data is stored in ${ENGINES[engine] ?? engine}.`,
};
