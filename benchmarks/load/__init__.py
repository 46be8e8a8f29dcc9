"""The load generator: WHIP and WHEP peers whose packets are handled in C."""
