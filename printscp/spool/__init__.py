"""Durable print jobs: accepted sheets as files, and the job table that is the queue."""
