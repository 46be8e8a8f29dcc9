"""From booking to room: the bell that opens and closes lessons, the doors of their rooms, and the evidence of them."""
