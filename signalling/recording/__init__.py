"""Which lessons are recorded, who said so, and what everybody in the room is told of it."""
