"""The HTTP edge: who calls, what may they, what is answered, what is recorded. No business."""
