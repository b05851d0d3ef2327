"""An installed app whose tasks do to a worker what tasks in the wild do."""
