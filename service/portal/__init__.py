"""The self-service web pages: sign up, connect, keys, calls, bills. Fed by the same functions as the API."""
