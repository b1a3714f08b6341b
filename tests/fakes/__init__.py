"""Fakes that implement the workers' ports and record what was asked of them, and builders of domain values."""
