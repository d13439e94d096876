"""What the user declares: a recipe, as frozen Python values or as JSON with the same meaning."""
