"""The demo's datasets: one module a dataset, each with `rows(files)` that returns a list of `Row`."""
