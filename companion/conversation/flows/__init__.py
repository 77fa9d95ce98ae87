"""One module per flow: each decides what is answered to some intents, and nothing else."""
