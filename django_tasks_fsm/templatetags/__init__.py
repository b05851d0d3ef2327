"""Template tags of the app's admin pages."""
