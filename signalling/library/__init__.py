"""What is kept and found again: resources, what was said in them, and the work that makes them."""
