"""The tab that the benchmark opens, against a server that speaks Streamlit's messages and nothing more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager

import pytest
from streamlit.proto.Alert_pb2 import Alert
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.server import ServerConnection, serve

from tests.fixtures.services import HOST
from tests.fixtures.streamlit_client import PAGE, Tab

Answer = Callable[[ClientState], Iterable[ForwardMsg]]
FRAGMENT = "prices"


def begun(*fragments: str) -> ForwardMsg:
    message = ForwardMsg()
    message.new_session.page_script_hash = "script"
    message.metadata.run.fragment_ids.extend(fragments)
    return message


def ended(status: ForwardMsg.ScriptFinishedStatus.ValueType = ForwardMsg.FINISHED_SUCCESSFULLY) -> ForwardMsg:
    return ForwardMsg(script_finished=status)


def repeated(seconds: float) -> ForwardMsg:
    message = ForwardMsg()
    message.auto_rerun.fragment_id, message.auto_rerun.interval = FRAGMENT, seconds
    return message


def shown(text: str, name: str = "") -> ForwardMsg:
    message = ForwardMsg(hash=name)
    message.metadata.cacheable = bool(name)
    message.delta.new_element.html.body, message.delta.fragment_id = text, FRAGMENT
    return message


@asynccontextmanager
async def opened(answer: Answer, sees: Callable[[Element, float], None] | None = None) -> AsyncIterator[tuple[Tab, list[ClientState]]]:
    asked: list[ClientState] = []

    async def speak(socket: ServerConnection) -> None:
        async for data in socket:
            assert isinstance(data, bytes)
            asked.append(BackMsg.FromString(data).rerun_script)
            for message in answer(asked[-1]):
                await socket.send(message.SerializeToString())

    async with serve(speak, HOST, 0, subprotocols=["streamlit"]) as server:  # type: ignore[list-item]
        port = next(iter(server.sockets)).getsockname()[1]
        async with Tab(f"http://{HOST}:{port}/live?refresh=1+s", sees) as tab:
            yield tab, asked


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not true():
            await asyncio.sleep(0.005)


def test_a_fragment_is_asked_for_at_its_interval_as_the_page_that_was_painted() -> None:
    def answer(state: ClientState) -> list[ForwardMsg]:
        return [begun(state.fragment_id), ended()] if state.fragment_id else [begun(), repeated(0.02), ended()]

    async def scene() -> None:
        async with opened(answer) as (tab, asked):
            await until(lambda: len(tab.reruns) > 5)
            assert tab.faults == []
            assert tab.intervals == {FRAGMENT: pytest.approx(0.02)}
        first, *others = asked
        assert (first.page_name, first.query_string, first.page_script_hash, first.is_auto_rerun) == ("live", "refresh=1+s", "", False)
        assert {(each.page_script_hash, each.fragment_id, each.is_auto_rerun) for each in others} == {("script", FRAGMENT, True)}
        assert [each.fragment for each in tab.reruns[:3]] == [PAGE, FRAGMENT, FRAGMENT]
        assert all(each.took_s >= 0 for each in tab.reruns)

    asyncio.run(scene())


def test_timers_wait_for_no_answer_and_one_run_answers_all_that_waited() -> None:
    asked = 0

    def answer(state: ClientState) -> list[ForwardMsg]:
        nonlocal asked
        if not state.fragment_id:
            return [begun(), repeated(0.02), ended()]
        asked += 1
        return [begun(FRAGMENT), ended()] if asked == 4 else []

    async def scene() -> None:
        async with opened(answer) as (tab, _):
            await until(lambda: len(tab.reruns) > 1)
            await until(tab.unanswered)
        answered = tab.reruns[1:]
        assert len({each.finished for each in answered}) == 1
        assert len({each.sent for each in answered}) >= 4

    asyncio.run(scene())


def test_a_run_that_gives_way_to_another_has_answered_nothing() -> None:
    def answer(state: ClientState) -> list[ForwardMsg]:
        if not state.fragment_id:
            return [begun(), repeated(0.02), ended()]
        return [begun(FRAGMENT), ended(ForwardMsg.FINISHED_EARLY_FOR_RERUN), begun(), shown("anew"), ended()]

    async def scene() -> None:
        seen: list[str] = []
        async with opened(answer, lambda element, at: seen.append(element.html.body)) as (tab, _):
            await until(lambda: len(tab.reruns) >= 3)
            assert {each.fragment for each in tab.reruns} == {PAGE, FRAGMENT}
            assert set(seen) == {"anew"}

    asyncio.run(scene())


def test_a_run_that_only_seems_to_give_way_to_another_fragment_has_answered() -> None:
    def answer(state: ClientState) -> list[ForwardMsg]:
        if not state.fragment_id:
            return [begun(), repeated(0.02), ended()]
        return [begun(FRAGMENT), shown("figures"), ended(ForwardMsg.FINISHED_EARLY_FOR_RERUN), begun("candles"), ended()]

    async def scene() -> None:
        async with opened(answer) as (tab, _):
            await until(lambda: [each.fragment for each in tab.reruns].count(FRAGMENT) > 2)

    asyncio.run(scene())


def test_what_the_server_lets_a_browser_keep_is_named_to_it_and_shown_again() -> None:
    def answer(state: ClientState) -> list[ForwardMsg]:
        if not state.fragment_id:
            return [begun(), repeated(0.02), ended()]
        known = list(state.cached_message_hashes)
        return [begun(FRAGMENT), ForwardMsg(ref_hash="board-1") if known else shown("board", "board-1"), ended()]

    async def scene() -> None:
        seen: list[str] = []
        async with opened(answer, lambda element, at: seen.append(element.html.body)) as (_, asked):
            await until(lambda: len(seen) > 4)
            assert set(seen) == {"board"}
            assert [list(each.cached_message_hashes) for each in asked[:3]] == [[], [], ["board-1"]]

    asyncio.run(scene())


def test_an_exception_or_an_error_on_the_page_is_a_fault() -> None:
    def answer(state: ClientState) -> list[ForwardMsg]:
        broken, refused = ForwardMsg(), ForwardMsg()
        broken.delta.new_element.exception.type, broken.delta.new_element.exception.message = "ValueError", "no such figure"
        refused.delta.new_element.alert.body, refused.delta.new_element.alert.format = "cannot start", Alert.ERROR
        return [begun(), broken, refused, ended()]

    async def scene() -> None:
        async with opened(answer) as (tab, _):
            assert tab.faults == ["ValueError: no such figure", "cannot start"]

    asyncio.run(scene())
