"""What the server and the driver give without any engine; what an engine costs is measured against it."""
