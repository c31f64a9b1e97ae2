"""What the bot decides: pure functions and frozen records. No I/O, no clock, no vendor."""
