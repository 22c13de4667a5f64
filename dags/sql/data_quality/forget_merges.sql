-- Claims of checks that died, and what lies behind the horizon and is not asked for any more.
DELETE FROM OPS.DQ_MERGES
WHERE STATE_AT < :forget OR (STATE = 'CHECKING' AND STATE_AT < :dead)
