// A plain map of the world without a request to anywhere: a click, or the arrow keys, set a point.
import { html, useEffect, useState } from "../lib/html.js";
import { LAND } from "../../vendor/natural-earth/land.js";
import { text } from "../texts/point_map.js";

/** The zoom levels, each with the distance of its grid lines in degrees. */
const LEVELS = [[1, 30], [2, 15], [4, 10], [8, 5], [16, 2], [32, 1]];
const clamp = (value, low, high) => Math.min(high, Math.max(low, value));
const has = (point) => Number.isFinite(point?.latitude) && Number.isFinite(point?.longitude);

/** `point` is `{ latitude, longitude }` or has no numbers. `set(point)` has two decimals, or more if the map is large. */
export function PointMap({ point, set }) {
  const [level, setLevel] = useState(0);
  const [middle, setMiddle] = useState({ latitude: 0, longitude: 0 });
  const [zoom, grid] = LEVELS[level];
  const [width, height] = [360 / zoom, 180 / zoom];
  const west = clamp(middle.longitude - width / 2, -180, 180 - width);
  const north = clamp(middle.latitude + height / 2, -90 + height, 90);
  const isOn = has(point);
  const isSeen = isOn && point.longitude >= west && point.longitude <= west + width && point.latitude <= north && point.latitude >= north - height;
  // A point that was typed, or moved over the edge, is brought back into the picture.
  useEffect(() => {
    if (isOn && !isSeen) setMiddle(point);
  }, [isOn, isSeen]);

  const place = (longitude, latitude) => {
    const round = (value) => Number(value.toFixed(zoom > 4 ? 3 : 2));
    set({ latitude: round(clamp(latitude, -90, 90)), longitude: round(clamp(longitude, -180, 180)) });
  };
  const click = (event) => {
    const box = event.currentTarget.getBoundingClientRect();
    place(west + ((event.clientX - box.left) / box.width) * width, north - ((event.clientY - box.top) / box.height) * height);
  };
  const turn = (by) => {
    setLevel(clamp(level + by, 0, LEVELS.length - 1));
    if (isOn) setMiddle(point);
  };
  const press = (event) => {
    const move = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (move) {
      const from = isOn ? point : { latitude: north - height / 2, longitude: west + width / 2 };
      const step = (event.shiftKey ? 10 : 1) / zoom;
      place(from.longitude + move[0] * step, from.latitude + move[1] * step);
    } else if (event.key === "+" || event.key === "-") turn(event.key === "+" ? 1 : -1);
    else return;
    event.preventDefault();
  };
  const lines = [];
  for (let at = Math.ceil(west / grid) * grid; at <= west + width; at += grid) lines.push(`M${at * 10} -900V900`);
  for (let at = Math.ceil((north - height) / grid) * grid; at <= north; at += grid) lines.push(`M-1800 ${-at * 10}H1800`);
  return html`
    <div class="point-map">
      <svg viewBox="${west * 10} ${-north * 10} ${width * 10} ${height * 10}" role="application" tabindex="0" aria-label=${text.label}
        onClick=${click} onKeyDown=${press}>
        <path class="land" d=${LAND} />
        <path class="grid" d=${lines.join("")} />
        ${isOn && ["edge", "mark"].map((name) => html`<path class=${name} d="M${point.longitude * 10} ${-point.latitude * 10}h0" />`)}
      </svg>
      <p class="acts">
        <button type="button" disabled=${level === 0} onClick=${() => turn(-1)} aria-label=${text.out}>−</button>
        <button type="button" disabled=${level === LEVELS.length - 1} onClick=${() => turn(1)} aria-label=${text.in}>+</button>
        <span class="quiet" role="status">${isOn ? text.at(point) : text.how}</span>
      </p>
    </div>`;
}
