"""Beyond one machine: whole archives, part by part, on a Dask cluster."""
