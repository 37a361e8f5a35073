"""A report in other formats: values as CSV, and a workbook with live formulas."""
