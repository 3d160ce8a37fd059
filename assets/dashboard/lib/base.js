// The path that the server stands under, which a reverse proxy may add: it follows from where this file came from.

export const BASE = new URL("../../..", import.meta.url).pathname.replace(/\/$/, "");
