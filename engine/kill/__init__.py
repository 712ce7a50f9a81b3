"""`steelyard-kill`: cancels our own orders and proves it by reading, with nothing but a key file and the journals.

It is a second path on purpose. It imports no part of the engine and no package, speaks to the venues in words of its
own, and reads the journal with its own eyes: what has gone wrong in the engine or in an adapter can't go wrong here
for the same reason. It never places an order, and never touches one that is not ours.
"""
