"""The services that publish carbon intensities by hour, one a file."""
