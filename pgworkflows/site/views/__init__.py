"""What answers at the addresses; each view is given the face that it is shown with."""
