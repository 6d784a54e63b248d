"""Starts the platform on this machine: engines, processes and the data folder behind them."""
