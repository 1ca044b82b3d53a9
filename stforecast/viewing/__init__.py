"""What there is to look at: runs, jobs and forecast files, their fields, points and downloads."""
