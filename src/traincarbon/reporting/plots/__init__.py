"""Pages of charts that commands write with ``--plot``, one module a command."""
