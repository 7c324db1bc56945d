"""One evening of a fictional group, on a real homeserver, with real encrypted clients."""
