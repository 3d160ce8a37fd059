"""Parts that benches/peers and benches/scale share. They need Python's standard library only."""
