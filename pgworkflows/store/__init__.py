"""Every statement that writes. A function is a verb; the SQL above it says what it guarantees."""
