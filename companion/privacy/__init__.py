"""What is held about a person: a copy for them, and its removal when they want it."""
