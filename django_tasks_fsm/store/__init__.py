"""What the engine does to the tables: one verb a file, one transaction each."""
