"""Who is let in, as whom, and what they may."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.access.admission import Outside, admit
from dashboard.access.oidc import auth_section, is_loopback
from ticklake.errors import ConfigError, NotAllowed
from ticklake.roles import Action, Role, User, highest, may, refusal
from ticklake.settings import Settings

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)

REQUIRED = {"kafka_bootstrap": "broker:9092", "s3_bucket": "bucket", "warehouse_account": "account", "warehouse_user": "user"}

OIDC = {
    "oidc_client_id": "ticklake",
    "oidc_client_secret": "client-secret",
    "oidc_metadata_url": "https://login.example/.well-known/openid-configuration",
    "oidc_cookie_secret": "c" * 32,
    "dashboard_url": "https://ticklake.example/",
}


def settings(**values: Any) -> Settings:
    return Settings(**(REQUIRED | values))


def claims(**values: object) -> dict[str, object]:
    """Claims of somebody who signed in an hour ago and has no role."""
    return {"is_logged_in": True, "sub": "4711", "iat": (NOW - timedelta(hours=1)).timestamp()} | values


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        (Role.VIEWER, {Action.READ}),
        (Role.ANALYST, {Action.READ, Action.TRANSACT, Action.ALERT, Action.EXPORT}),
        (Role.ADMIN, set(Action)),
    ],
)
def test_the_table_of_rights(role: Role, allowed: set[Action]) -> None:
    assert {action for action in Action if may(role, action)} == allowed


def test_a_refusal_says_what_it_takes_and_who_can_help() -> None:
    viewer = User("ana", Role.VIEWER)
    assert refusal(Role.ANALYST, Action.EXPORT) is None
    assert viewer.refusal(Action.LIMIT) == "The role viewer may not change limits: that takes the role admin. An administrator can give it to you."
    viewer.require(Action.READ)
    with pytest.raises(NotAllowed, match="may not export data: that takes the role analyst"):
        viewer.require(Action.EXPORT)


def test_of_several_roles_the_highest_counts_and_case_does_not() -> None:
    members = {Role.VIEWER: ["Desk"], Role.ADMIN: ["Boss@Example.com"], Role.ANALYST: ["desk"]}
    assert highest(["DESK", "others"], members) is Role.ANALYST
    assert highest(["boss@example.com", "desk"], members) is Role.ADMIN
    assert highest(["nobody"], members) is None


@pytest.mark.parametrize(
    ("claim", "value", "role"),
    [
        ("roles", ["analyst", "other"], Role.ANALYST),
        ("roles", "admin", Role.ADMIN),
        ("realm_access.roles", {"roles": ["viewer"]}, Role.VIEWER),
        ("https://example.com/roles", ["admin"], Role.ADMIN),
    ],
)
def test_roles_come_from_the_claim_that_the_settings_name(claim: str, value: object, role: Role) -> None:
    name = claim.partition(".")[0] if claim.startswith("realm") else claim
    user = admit(claims(**{name: value}), settings(**OIDC, oidc_claim=claim), NOW)
    assert isinstance(user, User)
    assert user.role is role


def test_only_a_verified_address_is_somebody() -> None:
    known = settings(**OIDC, oidc_admins="boss@example.com")
    verified = claims(email="boss@example.com", email_verified=True)
    assert admit(verified, known, NOW) == User("boss@example.com", Role.ADMIN)
    assert isinstance(admit(verified | {"email_verified": False}, known, NOW), Outside)
    assert isinstance(admit(verified | {"email_verified": "true"}, known, NOW), Outside)
    del verified["email_verified"]
    assert isinstance(admit(verified, known, NOW), Outside)


def test_writes_are_kept_under_a_name_that_is_one_persons() -> None:
    named = admit(claims(roles=["viewer"], preferred_username="ana"), settings(**OIDC), NOW)
    assert named == User("ana (4711)", Role.VIEWER)
    assert admit(claims(roles=["viewer"]), settings(**OIDC), NOW) == User("4711", Role.VIEWER)


def test_a_sign_in_ends() -> None:
    old = claims(roles=["admin"], iat=(NOW - timedelta(hours=12, seconds=1)).timestamp())
    assert admit(old, settings(**OIDC), NOW) == Outside("You signed in more than 12 hours ago. Sign in again.")
    assert isinstance(admit(old, settings(**OIDC, oidc_hours=13), NOW), User)
    del old["iat"]
    assert isinstance(admit(old, settings(**OIDC), NOW), Outside)


def test_who_has_no_role_or_is_not_signed_in_stays_outside() -> None:
    assert admit({"is_logged_in": False}, settings(**OIDC), NOW) == Outside("Sign in to see market data.")
    nobody = admit(claims(roles=["guest"]), settings(**OIDC), NOW)
    assert isinstance(nobody, Outside)
    assert nobody.signed_in
    assert "4711 has no role here" in nobody.why


def test_streamlit_gets_its_section_from_the_settings_alone() -> None:
    assert auth_section(settings()) is None
    assert auth_section(settings(**OIDC)) == {
        "redirect_uri": "https://ticklake.example/oauth2callback",
        "cookie_secret": "c" * 32,
        "client_id": "ticklake",
        "client_secret": "client-secret",
        "server_metadata_url": "https://login.example/.well-known/openid-configuration",
    }


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"oidc_client_secret": None, "dashboard_url": None}, "TICKLAKE_OIDC_CLIENT_SECRET, TICKLAKE_DASHBOARD_URL: missing"),
        ({"oidc_cookie_secret": "short"}, "TICKLAKE_OIDC_COOKIE_SECRET: shorter than 32"),
        ({"dashboard_url": "http://ticklake.example"}, "TICKLAKE_DASHBOARD_URL: http://ticklake.example is no https address"),
        ({"oidc_metadata_url": "ftp://localhost/x"}, "TICKLAKE_OIDC_METADATA_URL: ftp://localhost/x is no https address"),
    ],
)
def test_a_sign_in_that_cannot_be_safe_is_refused_and_names_its_setting(change: dict[str, object], named: str) -> None:
    with pytest.raises(ConfigError, match=named) as caught:
        auth_section(settings(**(OIDC | change)))
    assert "client-secret" not in str(caught.value)


def test_a_provider_on_this_machine_needs_no_certificate() -> None:
    local = OIDC | {"dashboard_url": "http://127.0.0.1:8501", "oidc_metadata_url": "http://localhost:9/.well-known/openid-configuration"}
    assert auth_section(settings(**local)) is not None
    assert [is_loopback(host) for host in ("127.0.0.1", "::1", "localhost", "0.0.0.0", "ticklake.example", None)] == [True] * 3 + [False] * 3  # noqa: S104


def page(values: object, now: object) -> None:
    """Runs as a script of its own, which sees no name of this module."""
    import streamlit as st

    from dashboard import access
    from ticklake.errors import ConfigError
    from ticklake.settings import Settings

    try:
        user = access.user(Settings(**values), lambda: now)
    except ConfigError as error:
        st.error(str(error))
    else:
        st.text(f"in as {user.name}, {user.role}")


def entered(person: dict[str, object] | None = None, **values: object) -> AppTest:
    test = AppTest.from_function(page, kwargs={"values": REQUIRED | values, "now": NOW}, default_timeout=30)
    test.user = person or {}
    test.run()
    assert not test.exception
    return test


def test_without_a_provider_there_is_one_local_admin_or_what_the_setting_says() -> None:
    assert entered().text[0].value == "in as local, admin"
    assert entered(local_role="viewer").text[0].value == "in as local, viewer"


def test_a_dashboard_that_others_reach_is_nobodys_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streamlit.get_option", lambda name: "0.0.0.0")  # noqa: S104
    assert "set TICKLAKE_OIDC_CLIENT_ID, or TICKLAKE_LOCAL_ROLE" in entered().error[0].value
    assert entered(local_role="viewer").text[0].value == "in as local, viewer"
    monkeypatch.setattr("streamlit.get_option", lambda name: "127.0.0.1")
    assert entered().text[0].value == "in as local, admin"


def test_who_is_signed_in_with_a_role_comes_in() -> None:
    assert entered(claims(roles=["analyst"]), **OIDC).text[0].value == "in as 4711, analyst"


def test_who_is_not_signed_in_sees_the_way_in_and_nothing_else() -> None:
    test = entered({"is_logged_in": False}, **OIDC)
    assert [button.label for button in test.button] == ["Sign in"]
    assert not test.text


def test_who_has_no_role_sees_why_escaped_and_the_way_out() -> None:
    test = entered(claims(preferred_username="<script>"), **OIDC)
    assert "&lt;script&gt; (4711) has no role here" in test.get("html")[0].proto.body
    assert [button.label for button in test.button] == ["Sign out"]
    assert not test.text


def test_a_process_that_cannot_sign_anybody_in_lets_nobody_in() -> None:
    assert "start it by python -m dashboard" in entered({"email": "test@example.com"}, **OIDC).error[0].value


def rights_page(user: object, signs_in: bool) -> None:
    from dashboard.views import access

    access.render(user, signs_in)


@pytest.mark.parametrize("signs_in", [True, False])
def test_the_page_says_who_looks_and_what_they_may(signs_in: bool) -> None:
    test = AppTest.from_function(rights_page, kwargs={"user": User("ana", Role.ANALYST), "signs_in": signs_in}, default_timeout=30).run()
    assert not test.exception
    assert test.text[0].value == "ana, with the role analyst."
    assert [button.label for button in test.button] == (["Sign out"] if signs_in else [])
    rights = test.dataframe[0].value.set_index("ACTION")
    assert rights.loc["export data"].tolist() == ["○ may not", "● may", "● may"]
