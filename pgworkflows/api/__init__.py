"""The REST face: each view reads a request, calls one verb, and shows what came of it. Needs `pgworkflows[api]`."""
