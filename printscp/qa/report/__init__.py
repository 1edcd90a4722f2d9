"""Reports of film quality assurance: one A4 page for people, CSV and JSON for programs."""

from printscp.qa.report.measurement import measurement_csv, measurement_json, measurement_report
from printscp.qa.report.trend import trend_csv, trend_json, trend_report
from printscp.qa.report.verification import verification_csv, verification_json, verification_report

__all__ = [
    "measurement_csv",
    "measurement_json",
    "measurement_report",
    "trend_csv",
    "trend_json",
    "trend_report",
    "verification_csv",
    "verification_json",
    "verification_report",
]
