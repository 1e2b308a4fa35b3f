"""The full-screen face: six stage screens in Textual. They show a run's events and start runs; they touch nothing."""
