"""Where a run is logged while it is metered: Prometheus, W&B, MLflow, TensorBoard, Trackio and OpenTelemetry, each by a process of its own."""
