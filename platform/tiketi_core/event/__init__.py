"""The catalogue: what is on, and whether it sells now by the clock; seats and money are not its business."""
