"""How the trials of a study run: in order or several at once, on this machine or a cluster, alone or trained as one."""
