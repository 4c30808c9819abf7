"""The Identity and Core services, which both endpoints have."""

from collections.abc import Sequence

from kurun_twin.k2.platform import K2User
from kurun_twin.k2.services_api import nodes
from kurun_twin.k2.services_api.answers import NoSuchThing
from kurun_twin.k2.services_api.calls import Call
from kurun_twin.k2.services_api.operations import Endpoint, Operation
from kurun_twin.k2.services_api.rendering import USER, Node, collection

_BOTH = (Endpoint.REST, Endpoint.SYNC)


async def all_users(call: Call) -> Node:
    """Every account."""
    return _collection(call, call.k2.users.all)


async def one_user(call: Call) -> Node:
    """The account with this full name."""
    found = call.k2.users.by_fqn(call.name("fqn"))
    if found is None:
        raise NoSuchThing(f"The user '{call.name('fqn')[:255]}' does not exist.")
    return nodes.user(found)


async def search_users(call: Call) -> Node:
    """The accounts that fit every option that is given; ``*`` stands for any text."""
    found = call.k2.users.search(
        username=call.text("username"),
        display_name=call.text("displayName"),
        fqn=call.text("FQN"),
        manager=call.text("manager"),
        email=call.text("email"),
    )
    return _collection(call, found)


async def who_am_i(call: Call) -> Node:
    """The caller's full name."""
    return Node("", "string", text=call.user.fqn)


def _collection(call: Call, users: Sequence[K2User]) -> Node:
    return collection(USER, "UserCollection", [nodes.user(each) for each in users[call.window()]])


OPERATIONS = [
    Operation("Identity_GetAllUsers", "GET", "/Identity/Users", all_users, _BOTH),
    Operation("Identity_SearchUsers", "GET", "/Identity/Users/SearchForUsers", search_users, _BOTH),
    Operation("Identity_GetUser", "GET", "/Identity/Users({fqn})", one_user, _BOTH),
    Operation("Core_WhoAmI", "GET", "/Core/WhoAmI", who_am_i, _BOTH),
]
