"""The doctor: what is wrong with raw data, how much of it, and what can be mended."""

from pipelines.checking.check import check
from pipelines.checking.findings import Finding, finding
from pipelines.checking.mending import Mended, mend
from pipelines.checking.report import Report, VariableSummary

__all__ = ["Finding", "Mended", "Report", "VariableSummary", "check", "finding", "mend"]
