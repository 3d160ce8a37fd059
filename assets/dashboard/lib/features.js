// The parts of the API that an executable may be built without. The server marks its page with those that it has.

export const HAS_WEBHOOKS = "webhooks" in document.body.dataset;
