"""Services: what drives the steps of one, and what keeps the worker's loop and its services in touch."""
