"""TaxDome as its portal session is sketched in public material; routes and fields beyond that are assumed."""
