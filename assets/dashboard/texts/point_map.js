// The texts of the map on which a point is set.
const side = (value, [plus, minus]) => `${Math.abs(value)}° ${value < 0 ? minus : plus}`;

export const text = {
  label: "Map. The arrow keys move the point, Shift makes larger steps, plus and minus zoom.",
  how: "Click on the map, or enter coordinates.",
  at: ({ latitude, longitude }) => `${side(latitude, ["north", "south"])}, ${side(longitude, ["east", "west"])}`,
  in: "Zoom in",
  out: "Zoom out",
};
