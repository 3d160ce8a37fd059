// The texts of maps.
export const text = {
  north: (degrees) => (degrees === 0 ? "0°" : `${Math.abs(degrees)}°${degrees > 0 ? "N" : "S"}`),
  east: (degrees) => (degrees === 0 ? "0°" : `${Math.abs(degrees)}°${degrees > 0 ? "E" : "W"}`),
};
