"""The approval pages: for everybody under an address of the project's choice, and the same ones inside the admin."""
