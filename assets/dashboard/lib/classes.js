// Classes of values that the field has names for, by metric: add a metric here, and the overview and the charts show its
// classes as colour and as word. Each class ends below the start of the next; colours are low, moderate and high.

const CLASSES = {
  // Gubler and Thomas, UC Davis: 0 to 30 points the fungus hardly grows, 40 and 50 moderately, from 60 fast.
  mildew_risk: [
    { from: 0, word: "low", means: "the fungus hardly grows" },
    { from: 40, word: "moderate", means: "the fungus grows moderately" },
    { from: 60, word: "high", means: "the fungus multiplies fast" },
  ],
};

/** The classes of a metric in their order; none if it has none. */
export const classes = (metric) => CLASSES[metric] ?? [];

/** The class that a value is in. */
export const classOf = (metric, value) => classes(metric).findLast((each) => value >= each.from) ?? classes(metric)[0];
