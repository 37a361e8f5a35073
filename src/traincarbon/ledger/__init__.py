"""What runs really took: journals that nothing can take away, merged into records, indexed in SQLite."""
