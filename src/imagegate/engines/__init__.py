"""Programs that do a task, one file each; every file ends with its row."""
