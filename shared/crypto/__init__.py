"""How provider keys are kept: an envelope (pure), a port to whoever wraps data keys (`keys`), its two homes (`kms`, `keyfile`), and the vault."""
