"""Every address of the site, by name. A test asks of each who may see it."""

from __future__ import annotations

from django.contrib.auth import views as auth
from django.urls import path

from xai.web.views import (
    analyses,
    compare,
    concepts,
    edits,
    examples,
    exports,
    figures,
    heads,
    health,
    interactions,
    pages,
    reports,
    results,
    runs,
    shared,
    strategies,
    two_models,
    uploads,
)

urlpatterns = [
    path("", pages.home, name="home"),
    path("system/", pages.system, name="system"),
    path(
        "login/",
        auth.LoginView.as_view(template_name="login.html", redirect_authenticated_user=True),
        name="login",
    ),
    path("logout/", auth.LogoutView.as_view(), name="logout"),
    path("examples/<slug:name>/", examples.show, name="example"),
    path("examples/<slug:name>/status/", examples.status, name="example-status"),
    # For those who keep it running
    path("healthz", health.lives, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    path("metrics", health.measured, name="metrics"),
    # Files
    path("uploads/", uploads.begin, name="upload-begin"),
    path("uploads/new/", uploads.new, name="upload-new"),
    path("uploads/<uuid:pk>/", uploads.show, name="upload"),
    path("uploads/<uuid:pk>/status/", uploads.status, name="upload-status"),
    path("uploads/<uuid:pk>/offset/", uploads.offset, name="upload-offset"),
    path("uploads/<uuid:pk>/parts/", uploads.parts, name="upload-parts"),
    path("uploads/<uuid:pk>/complete/", uploads.complete, name="upload-complete"),
    path("uploads/<uuid:pk>/delete/", uploads.delete, name="upload-delete"),
    path("models/", uploads.listing, {"purpose": "models"}, name="models"),
    path("datasets/", uploads.listing, {"purpose": "datasets"}, name="datasets"),
    # Explanations
    path("runs/", runs.listing, name="runs"),
    path("runs/new/", runs.new, name="run-new"),
    path("runs/new/estimate/", runs.estimate, name="run-estimate"),
    path("runs/<uuid:pk>/", runs.show, name="run"),
    path("runs/<uuid:pk>/status/", runs.status, name="run-status"),
    path("runs/<uuid:pk>/cancel/", runs.cancel, name="run-cancel"),
    path("runs/<uuid:pk>/retry/", runs.retry, name="run-retry"),
    path("runs/<uuid:pk>/delete/", runs.delete, name="run-delete"),
    # Results
    path("runs/<uuid:pk>/overview/", results.overview, name="overview"),
    path("runs/<uuid:pk>/compare/", compare.show, name="compare"),
    path("runs/<uuid:pk>/global/", results.globally, name="global"),
    path("runs/<uuid:pk>/agreement/", results.agreement, name="agreement"),
    path("runs/<uuid:pk>/faithfulness/", results.faithfulness, name="faithfulness"),
    path("runs/<uuid:pk>/concepts/", concepts.show, name="concepts"),
    path("runs/<uuid:pk>/strategies/", strategies.show, name="strategies"),
    path("runs/<uuid:pk>/attention/", heads.show, name="attention"),
    path("runs/<uuid:pk>/interactions/", interactions.show, name="interactions"),
    path("runs/<uuid:pk>/workflow/", analyses.show, {"page": "workflow"}, name="workflow"),
    path("runs/<uuid:pk>/simpler/", analyses.show, {"page": "simpler"}, name="simpler"),
    path("runs/<uuid:pk>/models/", two_models.show, name="two-models"),
    path("runs/<uuid:pk>/edit/", edits.begin, name="edit-begin"),
    path("edits/<uuid:pk>/", edits.show, name="edit"),
    path("runs/<uuid:pk>/figures/<slug:name>/", figures.show, name="figure"),
    # Reports
    path("runs/<uuid:pk>/reports/", reports.listing, name="reports"),
    path("reports/<uuid:pk>/", reports.show, name="report-show"),
    path("reports/<uuid:pk>/status/", reports.status, name="report-status"),
    path("reports/<uuid:pk>/files/<str:name>", reports.file, name="report-file"),
    path("reports/<uuid:pk>/share/", reports.share, name="report-share"),
    path("reports/<uuid:pk>/links/<int:link>/revoke/", reports.revoke, name="report-revoke"),
    path("reports/<uuid:pk>/delete/", reports.delete, name="report-delete"),
    path("shared/<str:token>/", shared.show, name="shared"),
    path("runs/<uuid:pk>/report.html", exports.report, name="report"),
    path("runs/<uuid:pk>/bundle.zip", exports.bundle, name="bundle"),
]
