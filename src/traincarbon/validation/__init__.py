"""Compare estimates with published runs, for ``carbon validate``."""
