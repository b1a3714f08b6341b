"""What `python -m bench.judge` is made of: traces, the requests simulated on them, known regressions, three judges and a table."""
