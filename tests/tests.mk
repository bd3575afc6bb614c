# The targets that test, lint and measure.
