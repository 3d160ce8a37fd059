// The texts of the dialogs that create the token of a device.
export const text = {
  open: "Device token",
  title: (sensor) => `Token for a device at ${sensor}`,
  lead: "With this token a device posts readings of this sensor. It can read nothing, and change nothing else.",
  name: { hint: "The device that uses it", ask: "Give the token a name, such as: thermometer in the greenhouse." },
  next: "Set the secret on the device. This command posts a reading with the time of its arrival:",
  command: (secret, post) => `export TOKEN=${secret}\n${post}`,
};
