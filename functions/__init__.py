"""The doors: one folder is one Lambda and one role with the least rights. `local` puts all of them on one port."""
