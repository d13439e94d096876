"""A graph as a picture: what it says and where it stands, in marks that every format can draw."""
