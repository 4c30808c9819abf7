"""Activities that read users and tasks of the K2 Services."""

from kurun_activities.k2 import context
from kurun_activities.k2.models import (
    K2ServicesTaskRetrieveRequest,
    K2ServicesTaskRetrieveResponse,
    K2ServicesTasksFilterRequest,
    K2ServicesTasksFilterResponse,
    K2ServicesTasksListRequest,
    K2ServicesTasksListResponse,
    K2ServicesUserFindRequest,
    K2ServicesUserFindResponse,
    K2ServicesUserRetrieveRequest,
    K2ServicesUserRetrieveResponse,
    K2ServicesUsersListRequest,
    K2ServicesUsersListResponse,
    K2ServicesWhoAmIRequest,
    K2ServicesWhoAmIResponse,
)
from kurun_activities.k2.services.arguments import criteria, flags


async def list_users(request: K2ServicesUsersListRequest) -> K2ServicesUsersListResponse:
    """Every user, or a part of them."""
    users = await context.current().services.identity.find(skip=request.skip, top=request.top)
    return K2ServicesUsersListResponse(users=users)


async def find_users(request: K2ServicesUserFindRequest) -> K2ServicesUserFindResponse:
    """The users for whom everything that is asked holds."""
    users = await context.current().services.identity.search(
        username=request.username,
        display_name=request.display_name,
        fqn=request.fqn,
        manager=request.manager,
        email=request.email,
    )
    return K2ServicesUserFindResponse(users=users)


async def retrieve_user(request: K2ServicesUserRetrieveRequest) -> K2ServicesUserRetrieveResponse:
    """Read a user."""
    return K2ServicesUserRetrieveResponse(user=await context.current().services.identity.retrieve(request.fqn))


async def who_am_i(request: K2ServicesWhoAmIRequest) -> K2ServicesWhoAmIResponse:  # noqa: ARG001 - every activity has one
    """The full name of the account that the worker calls as."""
    return K2ServicesWhoAmIResponse(fqn=await context.current().services.core.who_am_i())


async def list_tasks(request: K2ServicesTasksListRequest) -> K2ServicesTasksListResponse:
    """The account's tasks, filtered in the address."""
    tasks = await context.current().services.task.find(
        criteria(request.criteria), fields=flags(request.fields), skip=request.skip, top=request.top
    )
    return K2ServicesTasksListResponse(tasks=tasks)


async def filter_tasks(request: K2ServicesTasksFilterRequest) -> K2ServicesTasksFilterResponse:
    """The account's tasks, filtered in a document."""
    tasks = await context.current().services.task.find_filtered(criteria(request.criteria))
    return K2ServicesTasksFilterResponse(tasks=tasks)


async def retrieve_task(request: K2ServicesTaskRetrieveRequest) -> K2ServicesTaskRetrieveResponse:
    """Read a task."""
    return K2ServicesTaskRetrieveResponse(task=await context.current().services.task.retrieve(request.serial_number))
