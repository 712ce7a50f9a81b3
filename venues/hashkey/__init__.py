"""HashKey Exchange, Hong Kong: a pure wire codec, signing, streams, and the venue port over them."""
