"""Charts as SVG, drawn in Python: with axes, ticks, labels and a table of their data, the same without scripts and on paper."""
