// The lines of a chart, in the order in which they are drawn, and the values of a time.
import { stretches, versions } from "../lib/series.js";
import { moment } from "../lib/time.js";

/** Dashes of the versions on trial, the first version on trial first. A job has at most five. */
export const DASHES = [[9, 5], [2, 4], [12, 4, 2, 4], [5, 3], [16, 6]];

/**
 * The readout shows lines with a name, the legend those with a title. Of a line that a promotion divides, each stretch is
 * drawn by itself.
 */
export function linesOf(chart, readings, sensor, asOf) {
  if (!chart) return [];
  const unit = chart.line?.unit;
  const own = { unit, scale: "y" };
  const issued = chart.newestIssue ? `, ${moment(chart.newestIssue)}` : "";
  const beside = sensor && sensor.unit !== unit;
  const known = chart.line?.points ?? [];
  const divided = (line) => stretches(line.points).map((points) => ({ ...line, points }));
  const lines = [
    ...chart.older.flatMap((points) => divided({ ...own, kind: "older", title: "Older issues", points })),
    ...divided({ ...own, kind: "came", title: "Received since", name: "Received since", points: chart.came }),
    {
      unit: sensor?.unit, scale: beside ? "readings" : "y", kind: "reading", name: sensor?.name, points: readings ?? [],
      title: `Readings of ${sensor?.name}${beside ? `, in ${sensor.unit ?? "no unit"} on the right` : ""}`,
    },
    ...chart.trials.map(({ version, points }, index) => ({
      ...own, kind: "trial", dash: DASHES[index % DASHES.length], title: `Version ${version}, on trial`,
      name: `Version ${version}, on trial`, isOnTrial: true, points,
    })),
    ...divided({
      ...own, kind: "known", title: `${asOf === null ? "Newest value for each time" : "As it was known"}, ${labels(known)}`,
      name: asOf === null ? "Predicted" : "Known then", points: known,
    }),
    ...divided({ ...own, kind: "newest", title: `Newest issue${chart.isNewest ? "" : " in view"}${asOf === null ? "" : " then"}${issued}`, points: chart.newest }),
  ];
  const place = { stage: chart.line?.stage, location_id: chart.line?.location_id };
  return lines.filter((line) => line.points.length > 0).map((line) => ({ ...line, place, asOf: line.kind === "came" ? null : asOf }));
}

/** The versions of points in words: a line of several has a gap where one follows the other. */
function labels(points) {
  const all = versions(points);
  return all.length > 1 ? `versions ${all.join(", then ")}` : `version ${all[0]}`;
}

/** The predicted values of a time, one for each line that has a name. The one that is nearest to `near` is the first. */
export function valuesAt(lines, t, near) {
  const found = lines
    .filter((line) => line.name && line.kind !== "reading")
    .flatMap((line) => {
      const point = line.points.find((point) => point.t === t);
      return point ? [{ line, point }] : [];
    });
  const order = { known: 0, came: 1, trial: 2 };
  found.sort((one, other) => order[one.line.kind] - order[other.line.kind]);
  if (near === undefined) return found;
  return found.sort((one, other) => Math.abs(one.point.v - near) - Math.abs(other.point.v - near));
}
