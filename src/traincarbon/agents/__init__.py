"""Tools for agents over the Model Context Protocol: they answer what the command line prints with ``--json``, and change nothing."""
