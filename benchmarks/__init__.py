"""What Sojourn costs, beside what else there is: `make bench`, or `python -m benchmarks --help`."""
