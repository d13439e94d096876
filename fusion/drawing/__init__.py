"""A graph as a picture: what it says, where it stands, and the files it is written to."""
