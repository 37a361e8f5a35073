"""How a model is divided over its accelerators: its shape, the machine, and the search for the fastest layout."""
