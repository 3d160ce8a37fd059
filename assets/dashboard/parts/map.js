// A plain map that needs no other server: points by latitude and longitude, with lines of both.
import { html, useLayoutEffect, useRef, useState } from "../lib/html.js";
import { text } from "../texts/map.js";

/** The least extent of a map, in degrees: some kilometres. */
const LEAST = 0.05;
/** Of more points than this none is named. */
const NAMED = 200;
/** The room for the latitudes at the left edge, in pixels. */
const CORNER = 44;
const STEPS = [30, 20, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01];

/** What a map of the points shows: its middle, and its extent in pixels for each degree. */
export function frameOf(points, width, height) {
  const [lats, lons] = [points.map((point) => point.latitude), points.map((point) => point.longitude)];
  const [south, north, west, east] = [Math.min(...lats), Math.max(...lats), Math.min(...lons), Math.max(...lons)];
  const lat = (south + north) / 2;
  const shrink = Math.max(0.1, Math.cos((lat * Math.PI) / 180));
  const scale = Math.min(height / (Math.max(north - south, LEAST) * 1.25), width / (Math.max(east - west, LEAST) * shrink * 1.25));
  const lon = (west + east) / 2;
  return {
    x: (longitude) => width / 2 + (longitude - lon) * shrink * scale,
    y: (latitude) => height / 2 - (latitude - lat) * scale,
    longitude: (x) => lon + (x - width / 2) / (shrink * scale),
    latitude: (y) => lat - (y - height / 2) / scale,
    step: STEPS.findLast((step) => step * scale * shrink >= 70) ?? STEPS[0],
  };
}

/** Multiples of `step` between two numbers. */
function multiples(from, to, step) {
  const first = Math.ceil(from / step);
  return Array.from({ length: Math.max(0, Math.floor(to / step) - first + 1) }, (_, index) => Number(((first + index) * step).toFixed(6)));
}

/** `points` are `{ id, name, latitude, longitude, href, kind }`; `kind` is a class, such as a health state. */
export function PlainMap({ points, label, height = 340 }) {
  const place = useRef(null);
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const resized = new ResizeObserver(([{ contentRect }]) => setWidth(Math.round(contentRect.width)));
    resized.observe(place.current);
    return () => resized.disconnect();
  }, []);
  return html`<div class="map" ref=${place}>${width > 0 && points.length > 0 && html`<${Sheet} points=${points} label=${label} width=${width} height=${height} />`}</div>`;
}

function Sheet({ points, label, width, height }) {
  const frame = frameOf(points, width, height);
  const lons = multiples(Math.max(-180, frame.longitude(0)), Math.min(180, frame.longitude(width)), frame.step);
  const lats = multiples(Math.max(-90, frame.latitude(height)), Math.min(90, frame.latitude(0)), frame.step);
  // A name that would stand on another one is left out; its point has it as its title.
  const taken = points.map(({ longitude, latitude }) => {
    const [x, y] = [frame.x(longitude), frame.y(latitude)];
    return { left: x - 6, right: x + 6, top: y - 6, bottom: y + 6 };
  });
  const isFree = (x, y, name) => {
    const box = { left: x, right: x + name.length * 7, top: y - 9, bottom: y + 9 };
    const isIn = taken.some((other) => box.left < other.right && other.left < box.right && box.top < other.bottom && other.top < box.bottom);
    if (!isIn) taken.push(box);
    return !isIn;
  };
  return html`
    <svg viewBox="0 0 ${width} ${height}" width=${width} height=${height} role="group" aria-label=${label}>
      <g class="grid" aria-hidden="true">
        ${lons.map((lon) => html`<path d="M${frame.x(lon)} 0V${height}" />${
          frame.x(lon) > CORNER && html`<text x=${frame.x(lon) + 3} y=${height - 5}>${text.east(lon)}</text>`}`)}
        ${lats.map((lat) => html`<path d="M0 ${frame.y(lat)}H${width}" /><text x="4" y=${frame.y(lat) - 4}>${text.north(lat)}</text>`)}
      </g>
      ${points.map((point) => {
        const [x, y] = [frame.x(point.longitude), frame.y(point.latitude)];
        const isRight = x + 10 + point.name.length * 7 > width;
        const isNamed = points.length <= NAMED && isFree(isRight ? x - 10 - point.name.length * 7 : x + 10, y, point.name);
        return html`<a key=${point.id} href=${point.href} class="point ${point.kind ?? ""}" aria-label=${point.name}>
          <title>${point.name}</title><circle cx=${x} cy=${y} r="6" />
          ${isNamed && html`<text x=${isRight ? x - 10 : x + 10} y=${y + 4} text-anchor=${isRight ? "end" : "start"}>${point.name}</text>`}
        </a>`;
      })}
    </svg>`;
}
