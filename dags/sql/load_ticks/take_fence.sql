-- The row's lock is the fence; it is held to the end of the transaction.
UPDATE OPS.LOAD_LEASE
SET HOLDER = :holder
WHERE NAME = 'writer'
