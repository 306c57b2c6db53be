"""What may be said to everybody about changes of vendors' answers: how many, never whose or where."""

from service.connections.issues import store

count_open_of_vendors = store.count_open_of_vendors
