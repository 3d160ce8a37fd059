"""How schemathesis writes the bodies that it does not know by itself."""

import json

import schemathesis


@schemathesis.serializer("application/x-ndjson")
def ndjson(_context, value):
    """One JSON text a line; what is no list is sent as the one line that it is."""
    lines = value if isinstance(value, list) else [value]
    return "".join(json.dumps(line) + "\n" for line in lines).encode()
