"""Pure formulas: numbers in, numbers out, for floats, NumPy arrays and uncertain quantities alike."""
