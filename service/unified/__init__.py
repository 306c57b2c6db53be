"""Live reading and writing of unified records: where connectors, connections and billing meet."""
