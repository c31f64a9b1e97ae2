"""The embedded dispatch desk: a small Open311 backend with a page, a process of its own.

It knows nothing of the bot but the standard, and stands in for a city's backend until there is one.
"""
