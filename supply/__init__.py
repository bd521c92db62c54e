"""What this project stands on and what goes out: locks, licences, a bill of materials, the wheel. Not installed."""
