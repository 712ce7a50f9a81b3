"""Measurements that print ratios. Nothing here asserts anything: a clock in a test would flap."""
