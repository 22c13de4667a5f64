"""A whole sign-in: the dashboard's own server, a provider, cookies and the session that follows."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect
from websockets.typing import Origin, Subprotocol

from tests.fixtures.oidc_provider import CLIENT, Provider, provider
from tests.fixtures.services import HOST, free_port, running

SECRET = "client-secret"
SILENT_S = 60.0

USER, XSRF = "_streamlit_user", "_streamlit_xsrf"
"""Streamlit's cookies: who somebody is, and that it is their browser that asks."""


@pytest.fixture(scope="module")
def signs_in() -> Iterator[Provider]:
    with provider() as server:
        yield server


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def dashboard(home: Path, signs_in: Provider) -> Iterator[str]:
    """The address of a dashboard whose broker and warehouse are away: who comes in is told so, who does not is told nothing."""
    port = free_port()
    away = f"{HOST}:{free_port()}"
    settings = {
        "HOME": home,
        "KAFKA_BOOTSTRAP": away,
        "S3_BUCKET": "bucket",
        "WAREHOUSE_ACCOUNT": "account",
        "WAREHOUSE_USER": "user",
        "WAREHOUSE_PASSWORD": "password",
        "WAREHOUSE_HOST": HOST,
        "WAREHOUSE_PORT": away.partition(":")[2],
        "DASHBOARD_HTTP_PORT": "0",
        "DASHBOARD_URL": f"http://{HOST}:{port}",
        "OIDC_CLIENT_ID": CLIENT,
        "OIDC_CLIENT_SECRET": SECRET,
        "OIDC_COOKIE_SECRET": "c" * 32,
        "OIDC_METADATA_URL": f"{signs_in.address}/.well-known/openid-configuration",
        "OIDC_CLAIM": "realm_access.roles",
    }
    environment = {f"TICKLAKE_{name}": str(value) for name, value in settings.items()}
    streamlit = {"STREAMLIT_SERVER_ADDRESS": HOST, "STREAMLIT_SERVER_PORT": str(port), "NO_PROXY": HOST}
    with running([sys.executable, "-m", "dashboard"], port, environment | streamlit, home / "dashboard.log"):
        yield f"http://{HOST}:{port}"


def session(address: str, page: str, cookies: Mapping[str, str], way_in: str | None = None) -> tuple[list[str], str | None]:
    """Texts and labels of a page as a browser with these cookies gets it, and where it is sent; `way_in` is a button to press."""
    headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())} if cookies else {}
    stream = address.replace("http", "ws") + "/_stcore/stream"
    shown: list[str] = []
    protocols = [Subprotocol("streamlit"), Subprotocol(cookies.get(XSRF, "none"))]
    with connect(stream, origin=Origin(address), additional_headers=headers, subprotocols=protocols, proxy=None, max_size=None) as socket:
        state = ClientState(page_name=page)
        socket.send(BackMsg(rerun_script=state).SerializeToString())
        while True:
            message = ForwardMsg.FromString(bytes(socket.recv(SILENT_S)))
            match message.WhichOneof("type"):
                case "new_session":
                    state.page_script_hash = message.new_session.page_script_hash
                case "delta":
                    element = message.delta.new_element
                    shown += filter(None, (element.text.body, element.html.body, element.button.label, element.alert.body))
                    if way_in and element.button.label == way_in:
                        state.widget_states.widgets.add(id=element.button.id, trigger_value=True)
                case "auth_redirect":
                    return shown, message.auth_redirect.url
                case "script_finished":
                    if not state.widget_states.widgets:
                        return shown, None
                    socket.send(BackMsg(rerun_script=state).SerializeToString())
                    way_in = None


def signed_in(address: str, who: Provider, **claims: object) -> dict[str, str]:
    """Cookies of a browser that has pressed "Sign in" and come back from the provider."""
    who.claims = claims
    _, login = session(address, "", {}, way_in="Sign in")
    assert login is not None
    with httpx.Client(base_url=address, trust_env=False, follow_redirects=True) as browser:
        back = browser.get(login)
        assert str(back.url).startswith(address)
        browser.get("/_stcore/health")  # as a page does when it opens; brings the cookie that the stream asks for again
        return dict(browser.cookies)


def test_who_is_not_signed_in_is_shown_the_way_in_and_no_data(dashboard: str) -> None:
    shown, _ = session(dashboard, "access", {})
    assert "Sign in" in shown
    assert not [text for text in shown if "role" in text]


@pytest.mark.parametrize(("roles", "role"), [(["analyst"], "analyst"), (["viewer", "admin"], "admin")])
def test_a_sign_in_gives_the_role_that_the_provider_says(dashboard: str, signs_in: Provider, roles: list[str], role: str) -> None:
    cookies = signed_in(dashboard, signs_in, realm_access={"roles": roles}, email="ana@example.com", email_verified=True)
    shown, _ = session(dashboard, "access", cookies)
    assert f"ana@example.com, with the role {role}." in shown


def test_who_has_no_role_stays_outside(dashboard: str, signs_in: Provider) -> None:
    shown, _ = session(dashboard, "access", signed_in(dashboard, signs_in, realm_access={"roles": ["guest"]}))
    assert any("4711 has no role here" in text for text in shown)
    assert not any("with the role" in text for text in shown)


def test_a_cookie_that_was_changed_is_nobodys(dashboard: str, signs_in: Provider) -> None:
    cookies = signed_in(dashboard, signs_in, realm_access={"roles": ["admin"]})
    said = cookies[USER]
    changed = cookies | {USER: said[:20] + ("A" if said[20] != "A" else "B") + said[21:]}
    assert "Sign in" in session(dashboard, "access", changed)[0]


def test_no_secret_is_in_a_file(dashboard: str, home: Path) -> None:
    files = [path for path in home.rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if SECRET in path.read_text(errors="replace") or "c" * 32 in path.read_text(errors="replace")]
