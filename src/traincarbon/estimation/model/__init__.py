"""The model that a plan names: its configuration, its parameters, and the fields of the plan that follow from them."""
