// The health states of jobs.
import { text } from "../texts/states.js";

/** All states, the worst first. */
export const ORDER = Object.keys(text.states);

/** The word of a state, its meaning, and what to do. */
export const stateOf = (name) => text.states[name] ?? { word: name, means: "", cure: "" };
