"""Benchmarks of the hub beside the plainest way to do the same work. Part of the checkout, never of the package."""
