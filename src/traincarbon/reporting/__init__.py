"""The page for a decision: one HTML file of text, charts and a what-if script."""
