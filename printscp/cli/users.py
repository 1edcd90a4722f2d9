"""`printscp users`: who may see the light box."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from printscp.cli.answers import say_json
from printscp.errors import SetupError

if TYPE_CHECKING:
    from printscp.users import Users

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Who may see the light box, and do what there: users with passwords, and tokens for programs, in a "
    "file that printscp serve is given as --web-users FILE. Changes count at once, also while it runs. "
    "Roles: view sees; operate also holds, releases, cancels, moves, prioritizes, reprints and verifies; "
    "admin also purges, makes faults and reads the audit log. docs/security.md tells more.",
)

UsersOption = Annotated[
    Path | None,
    typer.Option("--users", metavar="FILE", help="TOML file of users. [default: as the printer's]"),
]
ConfigOption = Annotated[
    Path | None, typer.Option(help="TOML file of the printer, whose setting web.users names the file.")
]
StdinOption = Annotated[
    bool, typer.Option("--stdin", help="Read the password from standard input, rather than ask for it.")
]
CorridorOption = Annotated[
    bool,
    typer.Option("--corridor", help="For a screen in a corridor: shown nothing that may name a patient."),
]
Role = Literal["view", "operate", "admin"]
NameArgument = Annotated[str, typer.Argument(metavar="NAME")]


@app.command()
def add(
    name: NameArgument,
    role: Annotated[Role, typer.Option(help="What they may do.")],
    corridor: CorridorOption = False,
    no_password: Annotated[
        bool, typer.Option("--no-password", help="For somebody whom a proxy lets in: none to log in with.")
    ] = False,
    stdin: StdinOption = False,
    users: UsersOption = None,
    config: ConfigOption = None,
) -> None:
    """Let somebody in; the password is asked for.

    For instance: printscp users add anna --role operate --users users.toml
    """
    from printscp.users import User, changed, password_hash

    file = _file(users, config)
    hashed = None if no_password else password_hash(_password(stdin))
    with changed(file) as change:
        if name in change.users.users:
            raise SetupError(f"users: there is a {name} already: see printscp users password, and remove")
        change.users = change.users.with_user(name, User(role=role, password=hashed, corridor=corridor))
    typer.echo(f"{name} may {role}")


@app.command()
def password(
    name: NameArgument, stdin: StdinOption = False, users: UsersOption = None, config: ConfigOption = None
) -> None:
    """Give somebody another password; who is logged in with the former is logged out."""
    from printscp.users import changed, password_hash

    file = _file(users, config)
    hashed = password_hash(_password(stdin))
    with changed(file) as change:
        user = change.users.user(name).model_copy(update={"password": hashed})
        change.users = change.users.with_user(name, user)
    typer.echo(f"{name} has another password")


@app.command()
def remove(name: NameArgument, users: UsersOption = None, config: ConfigOption = None) -> None:
    """Let somebody in no more; who is logged in is logged out."""
    from printscp.users import changed

    with changed(_file(users, config)) as change:
        change.users = change.users.without_user(name)
    typer.echo(f"{name} removed")


@app.command("list")
def list_users(
    as_json: Annotated[bool, typer.Option("--json", help="JSON, for programs.")] = False,
    users: UsersOption = None,
    config: ConfigOption = None,
) -> None:
    """List users and tokens, without what lets them in."""
    from printscp.users import read_users

    found = _listed(read_users(_file(users, config)))
    if as_json:
        say_json(found)
        return
    for each in found:
        until = f"until {each['expires']}" if "expires" in each else ""
        words = [each["name"], each["kind"], each["role"], *(["corridor"] if each["corridor"] else [])]
        typer.echo(
            " ".join([*words, *([until] if until else []), *(["EXPIRED"] if each.get("expired") else [])])
        )
    if not found:
        typer.echo("nobody")


@app.command()
def token(
    name: NameArgument,
    role: Annotated[Role, typer.Option(help="What it may do.")],
    days: Annotated[float, typer.Option(min=0.001, max=3660, help="How long it is good for.")] = 90,
    corridor: CorridorOption = False,
    users: UsersOption = None,
    config: ConfigOption = None,
) -> None:
    """Make a token for a program, under a name of its own, and tell it this once.

    The program sends it as Authorization: Bearer TOKEN.
    """
    from printscp.users import changed, make_token

    said, kept = make_token(role, days, corridor=corridor)
    with changed(_file(users, config)) as change:
        change.users = change.users.with_token(name, kept)
    typer.echo(said)


@app.command()
def revoke(name: NameArgument, users: UsersOption = None, config: ConfigOption = None) -> None:
    """Take a token back."""
    from printscp.users import changed

    with changed(_file(users, config)) as change:
        change.users = change.users.without_token(name)
    typer.echo(f"{name} revoked")


def _listed(users: "Users") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for name, user in sorted(users.users.items()):
        kind = "user" if user.password else "user-of-proxy"
        found.append({"name": name, "kind": kind, "role": user.role, "corridor": user.corridor})
    for name, token in sorted(users.tokens.items()):
        rest = {"expires": token.expires.isoformat(), "expired": token.expired}
        found.append({"name": name, "kind": "token", "role": token.role, "corridor": token.corridor} | rest)
    return found


def _password(stdin: bool) -> str:
    """The password, as it is to be.

    Raises:
        SetupError: nobody can be asked for it.
    """
    if stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise SetupError("users: there is no terminal to ask for the password at: give --stdin")
    said: str = typer.prompt("Password", hide_input=True, confirmation_prompt="Once more", err=True)
    return said


def _file(users: Path | None, config: Path | None) -> Path:
    """The file of users.

    Raises:
        SetupError: none is given.
    """
    if users is not None:
        return users
    from printscp.config import load

    named = load(config).web.users
    if named is None:
        raise SetupError("which users: give --users FILE, or --config FILE of a printer with web.users")
    return named
