"""A batch of edits as a record: begun, validated, sampled, reviewed, published, rolled back."""
