"""What sites call signing in, signing out and the like, in the languages that most of them are written in."""

import re


def _any(words: str) -> re.Pattern[str]:
    """Matches one of the words, separated by bars, in texts and in addresses; a space may be a hyphen or nothing."""
    return re.compile("|".join(each.strip().replace(" ", r"[\s_-]?") for each in words.split("|")), re.IGNORECASE)


SIGN_IN = _any(
    r"\blog in\b|\blog on\b|\bsign in\b|\bauthenticate\b|anmelden|einloggen|\bconnexion\b|se connecter|s.identifier"
    r"|iniciar sesi[oó]n|\bacceder\b|\bingresar\b|\bentrar\b|iniciar sess[aã]o|\baccedi\b|inloggen|aanmelden|logga in"
    r"|logg inn|\blog ind\b|kirjaudu sis|zaloguj|p[rř]ihl[aá]sit|bejelentkez|войти|\bвход\b|увійти|giriş yap|oturum aç"
    r"|ログイン|登录|登入|로그인|đăng nhập|تسجيل الدخول"
)
SIGN_OUT = _any(
    r"\blog out|\blog off|\bsign out|\bsign off|end session|abmelden|ausloggen|d[ée]connexion|se d[ée]connecter"
    r"|cerrar sesi[oó]n|\bsalir\b|\bsair\b|terminar sess[aã]o|\besci\b|disconnetti|uitloggen|afmelden|logga ut|logg ut"
    r"|\blog ud\b|kirjaudu ulos|wyloguj|odhl[aá]sit|kijelentkez|выйти|\bвыход\b|вийти|çıkış|oturumu kapat|ログアウト"
    r"|退出|登出|注销|로그아웃|đăng xuất|تسجيل الخروج"
)
OF_OTHERS = _any(
    r"\ball\b|\bothers?\b|everywhere|\bdevices?\b|\bsessions\b|\balle[nr]?\b|überall|anderen?\b|geräte|partout|autres?\b"
    r"|appareils|\btod[oa]s\b|otr[oa]s"
)
"""Beside a word for signing out: it ends more than the session of this browser."""
REGISTER = _any(
    r"sign up|regist(er|rieren|ration|ro|rar)|create (an )?account|join\b|konto (anlegen|erstellen)|s.inscrire"
    r"|inscription|crear (una )?cuenta|cadastr|iscri(viti|zione)"
)
FORGOTTEN = _any(r"forgot|reset|recover|vergessen|zurücksetzen|oublié|olvid|recuperar|dimenticat|vergeten")
SEARCH_OR_NEWS = _any(r"search|suche|recherche|buscar|newsletter|subscri|abonn|comment|contact|kontakt")
ELSEWHERE = _any(r"\b(with|via|using|mit|über|avec|con|com|met)\b|\bsso\b|passkey")
"""On a button: it signs in by another site, or without a password."""
REMEMBER = _any(r"remember|persist|keep|stay|trust|merken|bleiben|souvenir|recordar|ricord|onthoud")
CAPTCHA = _any(r"captcha")
HARMS = _any(
    r"delete|remove|revoke|destroy|unsubscribe|cancel|deactivate|disable|close account|purge|löschen|entfernen|kündigen"
    r"|supprimer|eliminar|borrar|elimina\b|verwijder"
)
"""A link that says this is never followed."""
