"""Programs that do a task, one file each."""
