"""The login; it takes so many tries and no more."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse

from xai.web import rates


class Login(LoginView):
    """Django's, with a limit on tries: by address, and by name from one address."""

    template_name = "login.html"
    redirect_authenticated_user = True

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Try a password."""
        address = rates.address_of(request)
        name = request.POST.get("username", "")[:150].casefold()
        try:
            # Many people may share an address, and each may mistype; a name is tried by its owner.
            rates.check("login", address, name)
            rates.check("logins", address)
        except rates.TooMany as error:
            form = self.get_form()
            form.errors.clear()
            context = self.get_context_data(form=form, sentence=str(error))
            answer = self.render_to_response(context, status=429)
            answer["Retry-After"] = str(error.wait)
            return answer
        return super().post(request, *args, **kwargs)
