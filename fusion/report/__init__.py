"""Reports: what a study came to as a page, tables and pictures that need nothing else to be read."""
