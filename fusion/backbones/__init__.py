"""Where backbones come from: the catalogue, their skeletons, their weights, and the preprocessing they want."""
