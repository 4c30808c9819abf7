"""One class a noun of the KuFlow API, all on one base client."""

from kurun_clients.kuflow.resources.authentications import Authentications
from kurun_clients.kuflow.resources.business_artifacts import BusinessArtifacts
from kurun_clients.kuflow.resources.documents import Documents
from kurun_clients.kuflow.resources.groups import Groups
from kurun_clients.kuflow.resources.kms import Kms
from kurun_clients.kuflow.resources.principals import Principals
from kurun_clients.kuflow.resources.process_items import ProcessItems
from kurun_clients.kuflow.resources.processes import Processes
from kurun_clients.kuflow.resources.robots import Robots
from kurun_clients.kuflow.resources.tenant_users import TenantUsers
from kurun_clients.kuflow.resources.tenants import Tenants
from kurun_clients.kuflow.resources.workers import Workers

__all__ = [
    "Authentications",
    "BusinessArtifacts",
    "Documents",
    "Groups",
    "Kms",
    "Principals",
    "ProcessItems",
    "Processes",
    "Robots",
    "TenantUsers",
    "Tenants",
    "Workers",
]
