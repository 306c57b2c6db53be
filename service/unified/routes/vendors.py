"""The vendors and what each can do, as operations."""

from service import errors
from service.api import parameters
from service.api.operation import Audit, Meter, Operation
from service.unified.coverage import Coverage, VendorCoverage, VendorList


def vendor_operations(coverage: Coverage) -> tuple[Operation, ...]:
    """Listing vendors, and asking for one's coverage."""
    return (
        Operation(
            id="listVendors",
            method="GET",
            path="/v1/vendors",
            tag="vendors",
            summary="List vendors",
            description="The practice-management systems that can be reached, and how well each contract is known.",
            scope=None,
            meter=Meter.NONE,
            audit=Audit.MANAGEMENT,
            answer=VendorList,
            run=coverage.vendors,
        ),
        Operation(
            id="getVendorCoverage",
            method="GET",
            path="/v1/vendors/{vendor}/coverage",
            tag="vendors",
            summary="Get what a vendor can do",
            description="Operations, fields, filters, paging and limits of one vendor, computed from the connector.",
            scope=None,
            meter=Meter.NONE,
            audit=Audit.MANAGEMENT,
            answer=VendorCoverage,
            parameters=(parameters.path_id("vendor", "The vendor's short name, such as `quickbooks`.", "quickbooks"),),
            problems=(errors.NOT_FOUND,),
            run=coverage.vendor,
        ),
    )
