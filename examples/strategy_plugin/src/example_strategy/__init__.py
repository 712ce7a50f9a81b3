"""A schedule and a tactic for Steelyard, in a package of their own."""
