"""What the database says about a plan's hardware, prices and site."""
