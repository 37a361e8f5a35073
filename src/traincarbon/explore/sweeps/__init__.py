"""A grid or a Latin hypercube of plans, estimated as arrays into Parquet, in one process, many, or the shards of a scheduler."""
