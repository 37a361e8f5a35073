"""Read the energy of past jobs from Prometheus, or from a server with its interface such as VictoriaMetrics, Mimir or Thanos."""
