"""The web interface, started by ``ragkit ui``."""
