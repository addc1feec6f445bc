"""The command line. No logic lives here: it reads arguments, calls the library, and prints."""
