"""What we keep, as plain frozen records. How they lie in the table is `storage`'s business."""
