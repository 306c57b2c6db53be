"""`tickmark demo`: the whole product on one machine, walked through once."""
