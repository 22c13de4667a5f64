"""What the connector's errors become: each says what is to be done."""

from __future__ import annotations

from unittest.mock import create_autospec

import pytest
from snowflake.connector import SnowflakeConnection
from snowflake.connector import errors as snow

from ticklake.errors import TicklakeError, WarehouseBusy, WarehouseRefused, WarehouseUnavailable
from ticklake_io.warehouse import SnowflakeWarehouse


@pytest.mark.parametrize(
    ("error", "ours"),
    [
        (snow.ProgrammingError("SQL execution canceled", errno=604), WarehouseBusy),
        (snow.ProgrammingError("waited too long for a lock", errno=625), WarehouseBusy),
        (snow.ProgrammingError("Statement reached its statement or warehouse timeout of 60 second(s) and was canceled.", errno=630), WarehouseRefused),
        (snow.ProgrammingError("Insufficient privileges", errno=3001), WarehouseRefused),
        (snow.OperationalError("no route", errno=250001), WarehouseUnavailable),
    ],
)
def test_an_error_of_the_connector_becomes_the_one_that_says_what_to_do(error: snow.Error, ours: type[TicklakeError]) -> None:
    connection = create_autospec(SnowflakeConnection, instance=True)
    connection.cursor.return_value.execute.side_effect = error
    with pytest.raises(ours):
        SnowflakeWarehouse(lambda: connection).rows("SELECT 1")
