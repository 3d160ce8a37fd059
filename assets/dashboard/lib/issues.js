// The issues of a job among its runs.

/** The number of a job's runs that are read. The as-of time stops at their issues. */
export const RUNS = 1000;

/** A time in milliseconds, rounded up: the server stores microseconds, and a moment too early excludes the issue. */
const ceiling = (time) => Date.parse(time) + (/\.\d{3}\d*[1-9]/.test(time) ? 1 : 0);

/** The issues among the runs, newest first: issue time (also as text) and time of arrival. */
export function issuesOf(runs) {
  const issueOf = ({ issue_time, available_at }) => ({
    text: issue_time, issue: Date.parse(issue_time), available: ceiling(available_at),
  });
  return runs.filter((run) => run.issue_time).map(issueOf).sort((one, other) => other.issue - one.issue);
}
