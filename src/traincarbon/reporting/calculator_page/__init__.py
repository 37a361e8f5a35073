"""The calculator as one static page: every training chip, place and rent, and the formulas of an estimate."""
