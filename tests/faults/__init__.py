"""What happens to a store when the process is killed, the disk is full or fails, or the power goes: every point, tried."""
