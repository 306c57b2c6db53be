"""The routes of the unified nouns. Each noun is data; what the routes do is the same for all."""
