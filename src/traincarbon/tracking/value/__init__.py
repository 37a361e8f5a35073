"""What measured energy and hours amount to: CO2e, water, dollars, forecast and budgets."""
