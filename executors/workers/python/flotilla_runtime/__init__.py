"""What runs inside a Python worker. Each module says what it owns; all of them start fast and import nothing that they may not need."""
