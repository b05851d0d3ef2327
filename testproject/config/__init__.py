"""The test project: settings, addresses and the two server interfaces."""
