"""From one estimate to the choice between many: comparisons, alternatives with their evidence, and the best within a budget."""
