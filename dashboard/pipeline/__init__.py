"""What the Pipeline page makes of measurements, of loads and of the way that a number has come. Pure."""
