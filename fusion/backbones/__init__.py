"""Where backbones come from: the list of architectures, their skeletons, their weights, and the preprocessing they want."""
