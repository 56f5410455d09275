"""Reading products and orders from CSV files: every line is checked before anything is written."""
