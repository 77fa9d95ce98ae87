"""Real processes, killed at random while people text: is any text lost, or sent twice?"""
