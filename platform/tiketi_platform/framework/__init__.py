"""What all six services share around their routes; it knows no service and opens no connection."""
