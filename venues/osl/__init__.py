"""OSL, Hong Kong: order book over REST and WebSocket v4, firm quotes over v3, and the venue port over both."""
