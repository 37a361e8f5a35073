"""Carbon intensities of grids by hour, from services that publish them: one service a file, asked only where the user wants it."""
