"""Brokers, object stores and client programs as processes, and conditions to wait for."""
