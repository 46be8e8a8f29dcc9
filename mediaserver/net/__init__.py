"""Everything of the media server that does I/O: ICE, DTLS, and the loop around rooms and plane."""
