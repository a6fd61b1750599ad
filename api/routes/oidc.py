"""Signing in by the town's own identity provider (统一身份, OpenID Connect), where one is set up.

Authorization code flow with PKCE (RFC 7636), state and nonce. The provider only says who somebody
is: the account, its role and department are this service's own. Discipline officers sign in by
password, so that whoever runs the provider cannot come to see accusations (Art. 30).
"""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Cookie, Query, Request
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, Field

from api.auth import set_session_cookie
from api.routes.signin import enter_known
from api.schemas.submissions import ErrorOut
from api.service import Service, ServiceHere, read_clock
from triage.errors import AccessDenied, NotFound, TriageError

if TYPE_CHECKING:
    import httpx

router = APIRouter(prefix="/v1", tags=["登录"])
_NOT_HERE: dict[int | str, dict[str, Any]] = {
    404: {"model": ErrorOut, "description": "没有开通统一身份登录"}
}
_COOKIE = "triage_oidc"
_FOLDER = "/v1/oidc"
_LASTS_S = 600  # from leaving for the provider until coming back
_PATIENCE_S = 10
_LEEWAY_S = 60
# Signed by the provider's private key; never "none", never a shared secret.
_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
_FAILED = "统一身份没有确认您的身份，请重试，或改用密码登录"
_DOWN = "统一身份暂时联系不上，请稍后再试，或改用密码登录"


class ProviderOut(BaseModel):
    """有没有开通单点登录。"""

    available: bool = Field(description="true：打开 /v1/oidc/start 就转到统一身份")


@dataclass(frozen=True, slots=True)
class Errand:
    """What one browser set out with: it must come back with `state`, for a token with `nonce`."""

    state: str
    nonce: str
    verifier: str

    def spell(self) -> str:
        """As a cookie."""
        return f"{self.state}.{self.nonce}.{self.verifier}"


@router.get("/oidc")
def get_provider(service: ServiceHere) -> ProviderOut:
    """有没有开通统一身份登录。"""
    return ProviderOut(available=service.settings.oidc_issuer is not None)


@router.get("/oidc/start", status_code=303, response_class=RedirectResponse, responses=_NOT_HERE)
def get_start(request: Request, service: ServiceHere) -> RedirectResponse:
    """转到统一身份登录；没有开通的答 404。"""
    _check_available(service)
    errand = Errand(secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(48))
    try:
        address = _authorization_address(request, service, errand)
    except TriageError as error:
        return _refuse(error)
    answer = RedirectResponse(address, status_code=303)
    answer.set_cookie(
        _COOKIE,
        errand.spell(),
        max_age=_LASTS_S,
        path=_FOLDER,
        httponly=True,
        samesite="lax",  # strict would not come back from another site
        secure=_return_address(request, service).startswith("https:"),
    )
    return answer


@router.get("/oidc/callback", status_code=303, response_class=RedirectResponse, responses=_NOT_HERE)
def get_callback(
    request: Request,
    service: ServiceHere,
    state: Annotated[str, Query(max_length=200, description="出发时的 state")] = "",
    code: Annotated[str, Query(max_length=4_000, description="统一身份给的授权码")] = "",
    told: Annotated[str | None, Cookie(alias=_COOKIE, include_in_schema=False)] = None,
) -> RedirectResponse:
    """从统一身份回来：核验后登录，转到工作台；没有通过的转到登录页并说明原因。"""
    _check_available(service)
    try:
        errand = _read_errand(told, state)
        now = read_clock()
        login = _find_login(request, service, errand, code=code, now=now)
        entrance = enter_known(service, login, now=now)
    except TriageError as error:
        answer = _refuse(error)
    else:
        answer = RedirectResponse("/", status_code=303)
        set_session_cookie(request, answer, entrance.token)
    answer.delete_cookie(_COOKIE, path=_FOLDER)
    return answer


def _check_available(service: Service) -> None:
    if service.settings.oidc_issuer is None:
        raise NotFound("没有开通统一身份登录，请用密码登录")


def _read_errand(told: str | None, state: str) -> Errand:
    parts = (told or "").split(".")
    if len(parts) != 3 or not secrets.compare_digest(parts[0].encode(), state.encode()):
        raise AccessDenied("登录请求已过期，或不是从本浏览器发起的，请重新登录")
    return Errand(*parts)


def _authorization_address(request: Request, service: Service, errand: Errand) -> str:
    from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
    from authlib.oauth2.rfc7636 import create_s256_code_challenge

    with _client() as client:
        provider = _discover(client, service)
    address: str = prepare_grant_uri(
        provider["authorization_endpoint"],
        client_id=service.settings.oidc_client_id,
        response_type="code",
        redirect_uri=_return_address(request, service),
        scope="openid profile email",
        state=errand.state,
        nonce=errand.nonce,
        code_challenge=create_s256_code_challenge(errand.verifier),
        code_challenge_method="S256",
    )
    return address


def _find_login(
    request: Request, service: Service, errand: Errand, *, code: str, now: datetime
) -> str:
    """The login that the provider vouches for. Raises AccessDenied."""
    settings = service.settings
    if not code:
        raise AccessDenied(_FAILED)
    with _client() as client:
        provider = _discover(client, service)
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": _return_address(request, service),
            "code_verifier": errand.verifier,
        }
        secret = settings.oidc_client_secret.get_secret_value()
        told = _ask(
            client,
            "POST",
            provider["token_endpoint"],
            data=form if secret else form | {"client_id": settings.oidc_client_id},
            auth=(quote(settings.oidc_client_id, safe=""), quote(secret, safe=""))
            if secret
            else None,
        )
        keys = _ask(client, "GET", provider["jwks_uri"])
        claims = _read_token(
            told.get("id_token"),
            keys,
            issuer=provider["issuer"],
            client_id=settings.oidc_client_id,
            nonce=errand.nonce,
            access_token=told.get("access_token"),
            now=now,
        )
        if settings.oidc_claim not in claims and "userinfo_endpoint" in provider:
            bearer = {"Authorization": f"Bearer {told.get('access_token')}"}
            about = _ask(client, "GET", provider["userinfo_endpoint"], headers=bearer)
            if about.get("sub") == claims["sub"]:
                claims = about | claims
    login = claims.get(settings.oidc_claim)
    verified = settings.oidc_claim != "email" or claims.get("email_verified") is True
    if not isinstance(login, str) or not login or not verified:
        raise AccessDenied("统一身份没有给出您的登录名，请管理员核对 TRIAGE_OIDC_CLAIM")
    return login


def _read_token(
    token: Any,
    keys: dict[str, Any],
    *,
    issuer: str,
    client_id: str,
    nonce: str,
    access_token: Any,
    now: datetime,
) -> dict[str, Any]:
    """What the identity token says, once signature and claims hold (OpenID Connect Core 3.1.3.7).
    Raises AccessDenied."""
    from authlib.oidc.core import CodeIDToken
    from joserfc import jwt
    from joserfc.errors import JoseError
    from joserfc.jwk import KeySet

    try:
        known = KeySet.import_key_set({"keys": keys["keys"]})
        read = jwt.decode(str(token), known, algorithms=_ALGORITHMS)
        claims = CodeIDToken(
            read.claims,
            read.header,
            options={
                "iss": {"essential": True, "value": issuer},
                "aud": {"essential": True, "value": client_id},
            },
            params={"nonce": nonce, "client_id": client_id, "access_token": access_token},
        )
        claims.validate(now=int(now.timestamp()), leeway=_LEEWAY_S)
    except (JoseError, ValueError, TypeError, KeyError, AttributeError):
        raise AccessDenied(_FAILED) from None
    return dict(claims)


def _discover(client: "httpx.Client", service: Service) -> dict[str, Any]:
    """What the provider says of itself. Raises AccessDenied where it cannot be had or used."""
    issuer = str(service.settings.oidc_issuer).rstrip("/")
    provider = _ask(client, "GET", f"{issuer}/.well-known/openid-configuration")
    needed = ("authorization_endpoint", "token_endpoint", "jwks_uri")
    if str(provider.get("issuer", "")).rstrip("/") != issuer or any(
        not isinstance(provider.get(name), str) for name in needed
    ):
        raise AccessDenied("统一身份的说明与设置不符，请管理员核对 TRIAGE_OIDC_ISSUER")
    return provider


def _client() -> "httpx.Client":
    try:
        import httpx
    except ImportError as error:
        raise TriageError(
            "缺少单点登录的部件，请管理员执行 pip install 'minsheng-triage[oidc]' 后重启"
        ) from error
    return httpx.Client(timeout=_PATIENCE_S)


def _ask(client: "httpx.Client", method: str, address: str, **sent: Any) -> dict[str, Any]:
    import httpx

    try:
        answer = client.request(method, address, **sent)
        told = answer.json()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError):
        raise AccessDenied(_DOWN) from None
    if not answer.is_success or not isinstance(told, dict):
        raise AccessDenied(_FAILED)
    return told


def _return_address(request: Request, service: Service) -> str:
    base = service.settings.public_url or str(request.base_url)
    return f"{base.rstrip('/')}{_FOLDER}/callback"


def _refuse(error: TriageError) -> RedirectResponse:
    return RedirectResponse(f"/account#refused={quote(error.message)}", status_code=303)
