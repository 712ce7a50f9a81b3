"""A turn: an event in, commands out. `turn` dispatches and holds no rule; `state` is a fold over the journal."""
