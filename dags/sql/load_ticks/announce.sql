-- Says who will hold the fence, in a statement of its own: what stands in an open transaction nobody else can read.
UPDATE OPS.LOAD_LEASE
SET HOLDER = :holder, SESSION_ID = :session_id, DEADLINE = :deadline
WHERE NAME = 'writer'
