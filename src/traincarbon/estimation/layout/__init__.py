"""How a model is spread over its accelerators: shape, machine, memory and the search for the fastest layout."""
