"""The library at work on a small task that needs no download: Latin letters to Greek ones."""
