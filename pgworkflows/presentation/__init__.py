"""What is recorded, as people read it: the same words on every page, in the API and in the terminal."""
