"""The live tail: records of the stream that the warehouse does not have yet, as arrays and running bars."""
