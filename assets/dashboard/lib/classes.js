// Classes of values that the contract of a version names for an output, such as low, moderate and high. Each class ends
// below the start of the next. The lowest has the colour of calm, the highest that of alarm.

const toneOf = (index, count) => (index === 0 ? "low" : index === count - 1 ? "high" : "moderate");

/** The classes of a metric in their order, as `{ from, word, tone }`; none if the version names none. */
export function classesIn(version, metric) {
  const all = version?.output_roles.find((role) => role.metric === metric)?.classes ?? [];
  return all.map(({ from, name }, index) => ({ from, word: name, tone: toneOf(index, all.length) }));
}

/** The classes of a job's metric. */
export const classesOf = (names, job, metric) => classesIn(names.versions.get(job.source_version_id), metric);

/** The class that a value is in. */
export const classOf = (classes, value) => classes.findLast((each) => value >= each.from) ?? classes[0];
