"""A lesson in which somebody claps: a flash and a click at one moment, through real packets into a real recording."""
