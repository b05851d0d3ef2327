"""The environment audit: is every installed Python distribution still what its installer wrote?

``inventory`` lists the distributions, ``verification`` compares one with its RECORD, ``summary`` adds the reports up:
none of them needs Django. ``tasks`` makes a graph of runs of them, and ``standing`` reads how far that graph is.
A RECORD is not signed: the audit finds damage and strays, not a forger who rewrites it too.
"""
