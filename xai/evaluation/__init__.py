"""How far methods agree, and (later) how faithful each one is."""
