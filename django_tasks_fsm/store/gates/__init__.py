"""What may stand between a run and its start, one small question a module; ``store/explain`` lists them in order.

Each takes what was seen of the row and gives gates: true ones too, so that a person sees what has been looked at. A new
limit is a function more here, and a name more in that list.
"""
