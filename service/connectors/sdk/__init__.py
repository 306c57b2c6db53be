"""What every vendor's connector is made of. Vendor code does no I/O: it yields requests and maps answers."""
