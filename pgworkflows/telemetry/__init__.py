"""What a worker tells of its work while it does it: the points, and who subscribes to them."""
