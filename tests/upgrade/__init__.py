"""A recorded database with runs under way, which every later release migrates and runs on."""
